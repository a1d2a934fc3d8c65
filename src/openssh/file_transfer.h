#pragma once

/* What the failed command needs of a session. */
enum spf_file_transfer {
    SPF_TRANSFER_NONE, /* a shell or a command; so do scp -O, pscp -scp, and sftp -s with a path */
    SPF_TRANSFER_SFTP, /* the subsystem sftp alone */
    /* OpenSSH's scp: the subsystem since 9.0, by -s since 8.7, a command before (and in others'
     * builds of 8.7 to 8.9 either) */
    SPF_TRANSFER_SCP,
};
