#include "key/math.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include "base/shortage.h"

static const struct spf_curve curves[] = {
    {"ecdsa-sha2-nistp256", "nistp256", "prime256v1", 256},
    {"ecdsa-sha2-nistp384", "nistp384", "secp384r1", 384},
    {"ecdsa-sha2-nistp521", "nistp521", "secp521r1", 521},
};

const struct spf_curve *spf_curve(struct spf_bytes any_name)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        const struct spf_curve *c = &curves[i];

        if (spf_bytes_are(any_name, c->algorithm) || spf_bytes_are(any_name, c->name) ||
            spf_bytes_are(any_name, c->group)) {
            return c;
        }
    }
    return NULL;
}

int spf_bits(struct spf_bytes number)
{
    struct spf_bytes m = spf_bytes_magnitude(number);
    int bits = (int)(m.len > 0x10000 ? 0x80000 : m.len * 8);

    for (unsigned top = m.len > 0 ? m.at[0] : 0x80; !(top & 0x80); top <<= 1) {
        bits--;
    }
    return bits;
}

/* Numbers of one calculation, freed (and wiped) together. Any of them NULL means failure. */
struct numbers {
    BN_CTX *ctx;
    bool bad;
};

static struct numbers numbers_start(void)
{
    struct numbers numbers = {.ctx = BN_CTX_secure_new()};

    numbers.bad = numbers.ctx == NULL;
    if (numbers.ctx != NULL) {
        BN_CTX_start(numbers.ctx);
    }
    return numbers;
}

static bool numbers_end(struct numbers *numbers, bool result)
{
    if (numbers->ctx != NULL) {
        BN_CTX_end(numbers->ctx);
        BN_CTX_free(numbers->ctx);
    }
    return result;
}

static BIGNUM *number(struct numbers *numbers)
{
    BIGNUM *n = numbers->bad ? NULL : BN_CTX_get(numbers->ctx);

    numbers->bad = numbers->bad || n == NULL;
    return n;
}

static BIGNUM *number_of(struct numbers *numbers, struct spf_bytes octets)
{
    BIGNUM *n = number(numbers);

    if (n != NULL && BN_bin2bn(octets.at, (int)octets.len, n) == NULL) {
        numbers->bad = true;
    }
    return numbers->bad ? NULL : n;
}

/* Is d e = 1 modulo prime - 1? */
static bool undoes(struct numbers *numbers, const BIGNUM *d, const BIGNUM *e, const BIGNUM *prime)
{
    BIGNUM *less = number(numbers);
    BIGNUM *rest = number(numbers);

    return !numbers->bad && BN_copy(less, prime) != NULL && BN_sub_word(less, 1) &&
           BN_mod_mul(rest, d, e, less, numbers->ctx) && BN_is_one(rest);
}

bool spf_rsa_fits(struct spf_bytes n, struct spf_bytes e, struct spf_bytes d, struct spf_bytes p,
                  struct spf_bytes q)
{
    struct numbers numbers = numbers_start();
    BIGNUM *bn = number_of(&numbers, n);
    BIGNUM *be = number_of(&numbers, e);
    BIGNUM *bd = number_of(&numbers, d);
    BIGNUM *bp = number_of(&numbers, p);
    BIGNUM *bq = number_of(&numbers, q);
    BIGNUM *product = number(&numbers);
    bool fits = !numbers.bad && BN_cmp(bp, BN_value_one()) > 0 && BN_cmp(bq, BN_value_one()) > 0 &&
                BN_mul(product, bp, bq, numbers.ctx) && BN_cmp(product, bn) == 0 &&
                undoes(&numbers, bd, be, bp) && undoes(&numbers, bd, be, bq);

    return numbers_end(&numbers, fits);
}

bool spf_rsa_inverse_fits(struct spf_bytes iqmp, struct spf_bytes p, struct spf_bytes q)
{
    struct numbers numbers = numbers_start();
    BIGNUM *bi = number_of(&numbers, iqmp);
    BIGNUM *bp = number_of(&numbers, p);
    BIGNUM *bq = number_of(&numbers, q);
    BIGNUM *rest = number(&numbers);
    bool fits = !numbers.bad && BN_mod_mul(rest, bi, bq, bp, numbers.ctx) && BN_is_one(rest);

    return numbers_end(&numbers, fits);
}

/* Is part = d modulo prime - 1? */
static bool reduces(struct numbers *numbers, const BIGNUM *d, const BIGNUM *prime,
                    const BIGNUM *part)
{
    BIGNUM *less = number(numbers);
    BIGNUM *rest = number(numbers);

    return !numbers->bad && BN_copy(less, prime) != NULL && BN_sub_word(less, 1) &&
           BN_mod(rest, d, less, numbers->ctx) && BN_cmp(rest, part) == 0;
}

bool spf_rsa_exponents_fit(struct spf_bytes d, struct spf_bytes p, struct spf_bytes q,
                           struct spf_bytes dp, struct spf_bytes dq)
{
    struct numbers numbers = numbers_start();
    BIGNUM *bd = number_of(&numbers, d);
    BIGNUM *bp = number_of(&numbers, p);
    BIGNUM *bq = number_of(&numbers, q);
    BIGNUM *bdp = number_of(&numbers, dp);
    BIGNUM *bdq = number_of(&numbers, dq);
    bool fits = !numbers.bad && reduces(&numbers, bd, bp, bdp) && reduces(&numbers, bd, bq, bdq);

    return numbers_end(&numbers, fits);
}

bool spf_rsa_derive(struct spf_bytes n, struct spf_bytes e, struct spf_bytes p, struct spf_bytes q,
                    uint8_t *d, size_t *d_len, uint8_t *iqmp, size_t *iqmp_len)
{
    struct numbers numbers = numbers_start();
    BIGNUM *bn = number_of(&numbers, n);
    BIGNUM *be = number_of(&numbers, e);
    BIGNUM *bp = number_of(&numbers, p);
    BIGNUM *bq = number_of(&numbers, q);
    BIGNUM *product = number(&numbers);
    BIGNUM *common = number(&numbers);
    BIGNUM *result = number(&numbers);
    bool good = !numbers.bad && BN_cmp(bp, BN_value_one()) > 0 && BN_cmp(bq, BN_value_one()) > 0 &&
                BN_mul(product, bp, bq, numbers.ctx) && BN_cmp(product, bn) == 0 &&
                BN_mod_inverse(result, bq, bp, numbers.ctx) != NULL;

    if (good) {
        *iqmp_len = (size_t)BN_bn2bin(result, iqmp);
    }
    /* lcm = (p - 1)(q - 1) / gcd */
    good = good && BN_sub_word(bp, 1) && BN_sub_word(bq, 1) &&
           BN_gcd(common, bp, bq, numbers.ctx) && BN_mul(product, bp, bq, numbers.ctx) &&
           BN_div(product, NULL, product, common, numbers.ctx) &&
           BN_mod_inverse(result, be, product, numbers.ctx) != NULL;
    if (good) {
        *d_len = (size_t)BN_bn2bin(result, d);
    }
    return numbers_end(&numbers, good);
}

bool spf_pkey_signs(EVP_PKEY *pkey)
{
    static const unsigned char text[] = "sshpreflight";
    unsigned char signature[SPF_KEY_NUMBER_MAX];
    size_t len = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool signs = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
                 EVP_DigestSign(ctx, signature, &len, text, sizeof text) == 1;

    EVP_MD_CTX_free(ctx);
    ctx = EVP_MD_CTX_new();
    signs = signs && ctx != NULL &&
            EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
            EVP_DigestVerify(ctx, signature, len, text, sizeof text) == 1;
    EVP_MD_CTX_free(ctx);
    spf_clear_crypto_errors();
    return signs;
}

static EVP_PKEY *rsa_of(const BIGNUM *const parts[8])
{
    static const char *const names[8] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
        OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,
        OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
    };
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    bool good = build != NULL && ctx != NULL;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        good = good && OSSL_PARAM_BLD_push_BN(build, names[i], parts[i]) == 1;
    }
    params = good ? OSSL_PARAM_BLD_to_param(build) : NULL;
    if (params != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
        (void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    spf_clear_crypto_errors();
    return pkey;
}

bool spf_rsa_signs(struct spf_bytes n, struct spf_bytes e, struct spf_bytes d,
                   struct spf_bytes iqmp, struct spf_bytes p, struct spf_bytes q)
{
    struct numbers numbers = numbers_start();
    BIGNUM *bn = number_of(&numbers, n);
    BIGNUM *be = number_of(&numbers, e);
    BIGNUM *bd = number_of(&numbers, d);
    BIGNUM *bi = number_of(&numbers, iqmp);
    BIGNUM *bp = number_of(&numbers, p);
    BIGNUM *bq = number_of(&numbers, q);
    BIGNUM *less = number(&numbers);
    BIGNUM *dp = number(&numbers);
    BIGNUM *dq = number(&numbers);
    bool good = !numbers.bad && BN_cmp(bp, BN_value_one()) > 0 && BN_cmp(bq, BN_value_one()) > 0 &&
                BN_sub(less, bp, BN_value_one()) && BN_mod(dp, bd, less, numbers.ctx) &&
                BN_sub(less, bq, BN_value_one()) && BN_mod(dq, bd, less, numbers.ctx);

    if (good) {
        EVP_PKEY *pkey = rsa_of((const BIGNUM *const[8]){bn, be, bd, bi, bp, bq, dp, dq});

        good = pkey != NULL && spf_pkey_signs(pkey);
        EVP_PKEY_free(pkey);
    }
    return numbers_end(&numbers, good);
}

bool spf_dsa_fits(struct spf_bytes p, struct spf_bytes g, struct spf_bytes y, struct spf_bytes x)
{
    struct numbers numbers = numbers_start();
    BIGNUM *bp = number_of(&numbers, p);
    BIGNUM *bg = number_of(&numbers, g);
    BIGNUM *by = number_of(&numbers, y);
    BIGNUM *bx = number_of(&numbers, x);
    BIGNUM *power = number(&numbers);
    bool fits = !numbers.bad && BN_is_odd(bp) && spf_bits(x) <= 512 &&
                BN_mod_exp(power, bg, bx, bp, numbers.ctx) && BN_cmp(power, by) == 0;

    return numbers_end(&numbers, fits);
}

bool spf_ed25519_fits(struct spf_bytes public_key, struct spf_bytes seed)
{
    uint8_t derived[32];
    size_t len = sizeof derived;
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.at, seed.len);
    bool fits = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, derived, &len) == 1 &&
                spf_bytes_equal(public_key, (struct spf_bytes){derived, len});

    EVP_PKEY_free(pkey);
    return fits;
}

static EC_GROUP *group_of(const struct spf_curve *curve)
{
    return EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve->group));
}

/* The point, which libcrypto has found to be on the curve; NULL if it is not or is compressed. */
static EC_POINT *point_of(const EC_GROUP *group, struct spf_bytes octets)
{
    EC_POINT *point = NULL;

    if (octets.len > 0 && octets.at[0] == POINT_CONVERSION_UNCOMPRESSED) {
        point = EC_POINT_new(group);
    }
    if (point != NULL && EC_POINT_oct2point(group, point, octets.at, octets.len, NULL) != 1) {
        EC_POINT_free(point);
        point = NULL;
    }
    return point;
}

bool spf_ec_public_valid(const struct spf_curve *curve, struct spf_bytes octets)
{
    struct numbers numbers = numbers_start();
    EC_GROUP *group = group_of(curve);
    EC_POINT *point = group != NULL ? point_of(group, octets) : NULL;
    BIGNUM *x = number(&numbers);
    BIGNUM *y = number(&numbers);
    BIGNUM *last = number(&numbers);
    bool valid = false;

    if (point != NULL && !numbers.bad && !EC_POINT_is_at_infinity(group, point) &&
        EC_POINT_get_affine_coordinates(group, point, x, y, numbers.ctx) == 1) {
        const BIGNUM *order = EC_GROUP_get0_order(group);
        int half = BN_num_bits(order) / 2;

        valid = BN_num_bits(x) > half && BN_num_bits(y) > half &&
                BN_sub(last, order, BN_value_one()) && BN_cmp(x, last) < 0 && BN_cmp(y, last) < 0;
    }
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return numbers_end(&numbers, valid);
}

bool spf_ec_private_valid(const struct spf_curve *curve, struct spf_bytes octets)
{
    struct numbers numbers = numbers_start();
    EC_GROUP *group = group_of(curve);
    BIGNUM *d = number_of(&numbers, octets);
    BIGNUM *last = number(&numbers);
    bool valid = false;

    if (group != NULL && !numbers.bad) {
        const BIGNUM *order = EC_GROUP_get0_order(group);

        valid = BN_num_bits(d) > BN_num_bits(order) / 2 && BN_sub(last, order, BN_value_one()) &&
                BN_cmp(d, last) < 0;
    }
    EC_GROUP_free(group);
    return numbers_end(&numbers, valid);
}

bool spf_ec_fits(const struct spf_curve *curve, struct spf_bytes octets, struct spf_bytes number)
{
    struct numbers numbers = numbers_start();
    EC_GROUP *group = group_of(curve);
    EC_POINT *point = group != NULL ? point_of(group, octets) : NULL;
    EC_POINT *derived = group != NULL ? EC_POINT_new(group) : NULL;
    BIGNUM *d = number_of(&numbers, number);
    bool fits = point != NULL && derived != NULL && !numbers.bad &&
                EC_POINT_mul(group, derived, d, NULL, NULL, numbers.ctx) == 1 &&
                EC_POINT_cmp(group, derived, point, numbers.ctx) == 0;

    EC_POINT_free(derived);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return numbers_end(&numbers, fits);
}
