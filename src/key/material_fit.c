/* How the private numbers and the public ones of a key go together. */
#include <string.h>

#include "key/material.h"
#include "key/math.h"

/* The strings of the payload that assemble wrote, behind the type; empty where there are fewer. */
enum { FIELDS = 6 };
static void read_payload(const struct spf_key_material *material, struct spf_bytes f[FIELDS])
{
    struct spf_bytes payload = spf_secret_view(material->payload);
    struct spf_reader reader = spf_reader(payload.at, payload.len);

    spf_reader_string(&reader);
    for (size_t i = 0; i < FIELDS; i++) {
        f[i] = spf_reader_string(&reader);
    }
}

bool spf_material_fits(const struct spf_key_material *material)
{
    struct spf_bytes f[FIELDS];

    read_payload(material, f);
    if (strcmp(material->algorithm, "ssh-rsa") == 0) {
        return spf_rsa_fits(f[0], f[1], f[2], f[4], f[5]) && spf_rsa_inverse_fits(f[3], f[4], f[5]);
    }
    if (strcmp(material->algorithm, "ssh-dss") == 0) {
        return spf_dsa_fits(f[0], f[2], f[3], f[4]);
    }
    if (strcmp(material->algorithm, "ssh-ed25519") == 0) {
        return spf_ed25519_fits(f[0], (struct spf_bytes){f[1].at, 32});
    }
    return spf_ec_fits(spf_curve(f[0]), f[1], f[2]);
}

bool spf_material_fits_putty(const struct spf_key_material *material)
{
    struct spf_bytes f[FIELDS];

    read_payload(material, f);
    return strcmp(material->algorithm, "ssh-rsa") == 0 ? spf_rsa_fits(f[0], f[1], f[2], f[4], f[5])
                                                       : spf_material_fits(material);
}

/* The numbers of an RSA payload as assemble wrote them. */
static bool rsa_signs(const struct spf_key_material *material)
{
    struct spf_bytes f[FIELDS];

    read_payload(material, f);
    return spf_rsa_signs(f[0], f[1], f[2], f[3], f[4], f[5]);
}

enum spf_fit spf_material_fit(const struct spf_key_material *material)
{
    if (material->uneven) {
        return SPF_FIT_UNEVEN;
    }
    if (material->copy_differs) {
        return spf_material_fits(material) ? SPF_FIT_UNEVEN : SPF_FIT_BROKEN;
    }
    if (material->proved || spf_material_fits(material)) {
        return SPF_FIT_GOOD;
    }
    return strcmp(material->algorithm, "ssh-rsa") == 0 && rsa_signs(material) ? SPF_FIT_UNEVEN
                                                                              : SPF_FIT_BROKEN;
}
