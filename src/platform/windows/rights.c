/*
 * Who may read a file, by its owner and access list, as Microsoft's ssh looks at them
 * (PowerShell/openssh-portable, w32-sshfileperm.c, check_secure_file_permission).
 */
#include "platform/rights.h"

#include "posix.h"

#include <aclapi.h>
#include <sddl.h>

#include "base/language.h"
#include "base/text.h"
#include "rights_of.h"

#define SID_ROOM     256
#define DELETE_RIGHT 0x00010000 /* DELETE, which posix.h takes away */

const char *const spf_rights_remedy = N_("take that right away with icacls");

/* This user, from the token of the process; false: unknown. */
static bool own_sid(BYTE out[SID_ROOM])
{
    HANDLE token;
    DWORD size = 0;
    union {
        TOKEN_USER user;
        BYTE room[SID_ROOM + sizeof(TOKEN_USER)];
    } found;
    bool known;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    known = GetTokenInformation(token, TokenUser, &found, sizeof found, &size) &&
            CopySid(SID_ROOM, out, found.user.User.Sid);
    (void)CloseHandle(token);
    return known;
}

static bool is_trusted_installer(PSID sid)
{
    static const wchar_t text[] = L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
    PSID installer = NULL;
    bool is = ConvertStringSidToSidW(text, &installer) && EqualSid(sid, installer);

    (void)LocalFree(installer);
    return is;
}

/* The four that ssh lets have access. */
static bool is_trusted(PSID sid)
{
    BYTE own[SID_ROOM];

    return IsWellKnownSid(sid, WinBuiltinAdministratorsSid) ||
           IsWellKnownSid(sid, WinLocalSystemSid) || is_trusted_installer(sid) ||
           (own_sid(own) && EqualSid(sid, own));
}

/* "Everyone", "BUILTIN\Users"; without a name the SID's digits. */
static void name_of(PSID sid, char *out, size_t size)
{
    wchar_t name[128], domain[128], *digits = NULL;
    DWORD name_len = 128;
    DWORD domain_len = 128;
    SID_NAME_USE use;
    char *narrow = NULL;
    char *narrow_domain = NULL;
    char both[300] = "";

    if (LookupAccountSidW(NULL, sid, name, &name_len, domain, &domain_len, &use)) {
        narrow = spf_narrow(name);
        narrow_domain = spf_narrow(domain);
        if (narrow != NULL && narrow_domain != NULL) {
            spf_format(both, sizeof both, "%s%s%s", narrow_domain,
                       narrow_domain[0] != '\0' ? "\\" : "", narrow);
        }
    } else if (ConvertSidToStringSidW(sid, &digits)) {
        narrow = spf_narrow(digits);
        spf_copy(both, sizeof both, narrow != NULL ? narrow : "");
        (void)LocalFree(digits);
    }
    spf_clean(out, size, both, strlen(both));
    free(narrow);
    free(narrow_domain);
}

/* An account that an entry names, once. */
static void add_stranger(struct spf_rights *rights, PSID sid)
{
    char name[80];
    size_t len = strlen(rights->strangers);

    name_of(sid, name, sizeof name);
    if (strstr(rights->strangers, name) == NULL) {
        spf_format(rights->strangers + len, sizeof rights->strangers - len, "%s%s",
                   len > 0 ? ", " : "", name);
    }
}

/* The entry at an index, if it allows somebody else something; else NULL. */
static ACCESS_ALLOWED_ACE *stranger_at(PACL list, DWORD i)
{
    ACCESS_ALLOWED_ACE *entry;

    return GetAce(list, i, (void **)&entry) && entry->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
                   !is_trusted(&entry->SidStart)
               ? entry
               : NULL;
}

static void read_list(PACL list, struct spf_rights *rights)
{
    for (DWORD i = 0; i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry = stranger_at(list, i);

        if (entry != NULL) {
            add_stranger(rights, &entry->SidStart);
        }
    }
}

/* As Microsoft's ssh looks at its configuration (the same function, with read_ok). */
struct spf_rights_told spf_rights_tell(void *handle)
{
    static const DWORD writes = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA |
                                FILE_WRITE_ATTRIBUTES | GENERIC_WRITE | GENERIC_ALL | DELETE_RIGHT |
                                WRITE_DAC | WRITE_OWNER;
    struct spf_rights_told told = {0};
    PSECURITY_DESCRIPTOR all = NULL;
    PSID owner = NULL;
    PACL list = NULL;

    if (GetSecurityInfo(handle, SE_FILE_OBJECT,
                        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL, &list,
                        NULL, &all) != ERROR_SUCCESS) {
        return told;
    }
    told.foreign = owner != NULL && !is_trusted(owner);
    told.writable = list == NULL;
    for (DWORD i = 0; list != NULL && i < list->AceCount; i++) {
        const ACCESS_ALLOWED_ACE *entry = stranger_at(list, i);

        told.writable |= entry != NULL && (entry->Mask & writes) != 0;
    }
    (void)LocalFree(all);
    return told;
}

void spf_rights_read(const char *path, int fd, struct spf_rights *rights)
{
    PSID owner = NULL;
    PACL list = NULL;
    PSECURITY_DESCRIPTOR all = NULL;
    BYTE own[SID_ROOM];
    char *real = realpath(path, NULL), *slash = real != NULL ? strrchr(real, '/') : NULL;

    *rights = (struct spf_rights){.by_list = true};
    if (slash != NULL) {
        slash[slash == real] = '\0';
        spf_clean(rights->dir, sizeof rights->dir, real, strlen(real));
    }
    free(real);
    if (GetSecurityInfo((HANDLE)_get_osfhandle(fd), SE_FILE_OBJECT,
                        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL, &list,
                        NULL, &all) != ERROR_SUCCESS ||
        owner == NULL) {
        spf_copy(rights->strangers, sizeof rights->strangers,
                 "accounts of an access list that can't be read");
        return;
    }
    name_of(owner, rights->owner, sizeof rights->owner);
    rights->mine = own_sid(own) && EqualSid(owner, own);
    rights->owner_trusted = is_trusted(owner);
    if (list == NULL) { /* no list at all: anybody may do anything */
        spf_copy(rights->strangers, sizeof rights->strangers, "Everyone");
    } else {
        read_list(list, rights);
    }
    (void)LocalFree(all);
}

bool spf_rights_own(void *pipe)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR all = NULL;
    BYTE own[SID_ROOM];
    bool is;

    if (GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
                        NULL, &all) != ERROR_SUCCESS) {
        return false;
    }
    is = owner != NULL && own_sid(own) && EqualSid(owner, own);
    (void)LocalFree(all);
    return is;
}

/* "FA" all, "FR" to read: for this user, and nobody else; to be freed with LocalFree. */
static PSECURITY_DESCRIPTOR of_own(const wchar_t *allowed)
{
    PSECURITY_DESCRIPTOR made = NULL;
    BYTE own[SID_ROOM];
    wchar_t *digits = NULL, text[SID_ROOM + 32];

    if (!own_sid(own) || !ConvertSidToStringSidW(own, &digits)) {
        return NULL;
    }
    if (swprintf(text, sizeof text / sizeof *text, L"D:P(A;;%ls;;;%ls)", allowed, digits) > 0) {
        (void)ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &made,
                                                                   NULL);
    }
    (void)LocalFree(digits);
    return made;
}

void *spf_rights_of_own(void)
{
    return of_own(L"FA");
}

/* As icacls with /inheritance:r and /grant:r would; an owner may always change the list. */
bool spf_rights_close(void *handle, bool to_read)
{
    PSECURITY_DESCRIPTOR made = of_own(to_read ? L"FR" : L"FA");
    const bool closed =
        made != NULL &&
        SetKernelObjectSecurity(
            handle, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, made);
    const DWORD error = GetLastError();

    (void)LocalFree(made);
    SetLastError(error);
    return closed;
}
