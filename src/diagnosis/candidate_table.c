#include "diagnosis/candidate_table.h"

#include "base/language.h"

const struct spf_suggestion spf_suggestions[] = {
    {SPF_SG_SOURCE_EXCLUDED, N_("The security group allows other addresses, but not yours"),
     N_("Find out your public address (a router or NAT may change it), and run again with "
        "--source-ip "
        "and that address")},
    {SPF_SG_NO_RULE, N_("No security group rule allows port {port}"),
     N_("{?no_instance}Run again with --instance and the instance's id: its rules are then read "
        "and "
        "evaluated")},
    {SPF_SG_NO_RULE, N_("No security group rule allows port {port}"),
     N_("They could not be read here: look at the inbound rules of the instance's security groups "
        "in "
        "the ECS console")},
    {SPF_ADDRESS_NOT_OF_INSTANCE, N_("{host} is not, or no longer, the address of your instance"),
     N_("Compare it with the instance's present address in the console, or run again with "
        "--instance "
        "instead of the address")},
    {SPF_INSTANCE_STILL_BOOTING, NULL, N_("Wait two minutes and run again: then it answers")},
    {SPF_SYSTEM_EVENT, NULL,
     N_("Look at the event in the ECS console (Events): it says when it is over")},
    {SPF_GUEST_IN_TROUBLE, NULL,
     N_("Look at the rest of it in the ECS console (Get System Logs), or at the screen itself "
        "(VNC)")},
    {SPF_GUEST_DROPS_PACKETS, NULL,
     N_("Log in through Workbench, Session Manager or VNC and look at `iptables -S`, `nft list "
        "ruleset` "
        "or `firewall-cmd --list-all`")},
    {SPF_OWN_NETWORK_BLOCKS, NULL,
     N_("Try from another network (a phone's), or another server on port {port}: if nothing at all "
        "answers on that port, it is your network")},
    {SPF_HOSTS_FILE_SHADOWS, NULL,
     N_("Compare with `dig +short {given_host}`, which does not read that file")},
    {SPF_FLOW_FILTERED, NULL,
     N_("Try another network (a phone's), or another port of the server, 443 for one: if it works "
        "there, it is the network; a connection from inside the cloud (Workbench) rules the server "
        "out")},
    {SPF_ACCEPT_QUEUE_FULL, NULL,
     N_("Inside, `ss -ltn` shows Recv-Q above Send-Q for port {port}; from here, another port of "
        "the "
        "host that is closed refuses at once")},
    {SPF_ADDRESS_PLACEHOLDER, NULL,
     N_("Look for a proxy or VPN program on this machine, and give the server's real address")},
    {SPF_PATH_MTU,
     N_("Large packets are lost between this machine and {host}, and nothing says so: its path "
        "MTU"),
     N_("{?no_mtu}Let this machine send smaller packets (`ip link set dev eth0 mtu 1200`) and try "
        "again: if it works, that was it")},
    {SPF_CLOUD_FIREWALL_BLOCKS, NULL,
     N_("Look at Cloud Firewall in the console, if your account uses it: its log names what it "
        "dropped")},
    {SPF_USER_NOT_OF_IMAGE,
     N_("The console shows that this key was installed for {console_user}, not for {user}"),
     N_("Run again with -l {console_user}")},
    {SPF_USER_NOT_OF_IMAGE,
     N_("The key pair is installed for ecs-user: a pair goes to the one user that was chosen when "
        "the "
        "instance was created, root or ecs-user"),
     N_("Run again with -l ecs-user, which image {image_with_ecs_user} supports")},
    {SPF_USER_NOT_OF_IMAGE, NULL,
     N_("Run again with the user that the image was made for: -l {usual_user}, for one")},
    {SPF_IMAGE_WITHOUT_CLOUD_INIT, NULL,
     N_("Log in another way and look for cloud-init: `cloud-init --version`, `ls "
        "/var/log/cloud-init.log`")},
    {SPF_KEY_PAIR_NOT_INSTALLED,
     N_("The key pair was bound after the last start of the instance, which was at {started}"),
     N_("Compare the time when the pair was bound (ActionTrail, or who did it) with the last start "
        "of "
        "the "
        "instance: a pair that was bound later is installed at the next restart")},
    {SPF_KEY_PAIR_DIFFERENT, N_("The key is not the one that is installed for {user}"),
     N_("{?no_instance}Compare its fingerprint with `ssh-keygen -lf ~{user}/.ssh/authorized_keys` "
        "on "
        "the server; with --instance the bound key pair is compared from here")},
    {SPF_KEY_PAIR_DIFFERENT, N_("The key is not the one that is installed for {user}"),
     N_("Compare its fingerprint with `ssh-keygen -lf ~{user}/.ssh/authorized_keys` on the "
        "server")},
    {SPF_AUTHORIZED_KEYS_IGNORED, NULL,
     N_("{?sshd}Log in another way and look at sshd's log (`journalctl -u sshd -u ssh`, or "
        "auth.log "
        "or "
        "secure "
        "in /var/log): it says \"bad ownership or modes\"; `sshd -T | grep -i authorizedkeysfile` "
        "names "
        "the file that is read")},
    {SPF_USER_NOT_ALLOWED, NULL,
     N_("{?sshd}sshd's log says \"User {user} from ... not allowed because ...\", or \"Invalid "
        "user "
        "{user}\" "
        "where there is no such account")},
    {SPF_ACCOUNT_LOCKED, NULL,
     N_("{?sshd}With `UsePAM no` only: `getent shadow {user}` inside shows {user}:! (a star after "
        "the "
        "colon is no lock), and sshd's log says \"User {user} not allowed because account is "
        "locked\"; `usermod -p '*' {user}` lets keys in again, and no password")},
    {SPF_ACCOUNT_EXPIRED, NULL,
     N_("{?sshd}`chage -l {user}` inside shows a day on which the account expires that is over, "
        "and "
        "sshd's log says \"Account {user} has expired\"; `chage -E -1 {user}` takes it away")},
    {SPF_KEY_LINE_BROKEN, NULL,
     N_("{?sshd}`ssh-keygen -lf ~{user}/.ssh/authorized_keys` inside lists every line that is "
        "whole, "
        "and "
        "this "
        "key is not among them; `sshd -T -C user={user}` names the file")},
    {SPF_KEY_LINE_BROKEN,
     N_("The key's line in authorized_keys has an option that Dropbear does not know, or a blank "
        "before the key"),
     N_("{?dropbear}Dropbear's log (`journalctl -t dropbear`, `logread`) says \"Bad public key "
        "options\" (of a blank it says nothing). It knows few options: neither from=, expiry-time= "
        "and environment=, nor pty after restrict")},
    {SPF_KEY_LINE_EXCLUDES, NULL,
     N_("{?sshd}sshd's log says \"with correct key but not from a permitted host\" for from=, and "
        "only "
        "\"Refused by key options\" for expiry-time=")},
    {SPF_KEY_AGAINST_POLICY, NULL,
     N_("{?sshd}sshd's log says \"not in PubkeyAcceptedAlgorithms\", \"Invalid key length\" or "
        "\"revoked by "
        "file\"")},
    {SPF_GUEST_IN_TROUBLE, N_("The system inside the instance is in trouble"),
     N_("Look at its console in the ECS console (Get System Logs), or at the screen itself (VNC)")},
    {SPF_AUTH_SECOND_FACTOR,
     N_("The key is accepted, but the server wants a second factor as well"),
     N_("`ssh -v` then says \"Authenticated using \"publickey\" with partial success\"")},
    {SPF_HOST_KEY_REVOKED, N_("The host key is marked as revoked in known_hosts"),
     N_("`ssh-keygen -F HOST` shows a line with @revoked")},
    {SPF_SESSION_OTHER_USER, N_("The key logs in, only to be told to log in as another user"),
     N_("Log in without a command: the server then names the user")},
    {SPF_KEY_PAIR_NONE, N_("No key pair is bound to the instance"),
     N_("Look at the instance in the ECS console, or run again with --instance and its id")},
    {SPF_KEY_PUB_FILE_DIFFERS, NULL,
     N_("`ssh-keygen -y -f {key}` shows another key than `cat {key}.pub`: then `mv {key}.pub "
        "{key}.pub.other`")},
    {SPF_KEY_CERTIFICATE_DIFFERS, NULL,
     N_("`ssh-keygen -lf {key}-cert.pub` shows another fingerprint than `ssh-keygen -lf {key}`: "
        "then "
        "`mv {key}-cert.pub {key}-cert.pub.other`")},
    {SPF_AGENT_KEYS_TOO_MANY,
     N_("Other keys were offered before the right one, and used up the tries"),
     N_("`ssh-add -l` lists those of the agent; `-o IdentitiesOnly=yes` beside `-i` lets ssh offer "
        "one "
        "key alone")},
    {SPF_PROXY_COMMAND_FAILED, N_("Nothing comes through the ProxyCommand"),
     N_("Run the command by itself, with the host and the port in it: an SSH server's \"SSH-2.0-\" "
        "must come")},
    {SPF_CERTIFICATE_REFUSED, NULL,
     N_("{?certificate_unfit}Its own words rule it out; have the authority sign the key again, for "
        "{user} and until later: `ssh-keygen -s CA -I ID -n {user} -V +52w {key}.pub`")},
    {SPF_CERTIFICATE_REFUSED, NULL,
     N_("{?certificate}`ssh-keygen -L -f {certificate_file}` shows from when to when it is valid, "
        "and "
        "for whom (Principals); sshd's log says why it was refused")},
    {SPF_CERTIFICATE_REFUSED, NULL,
     N_("{?certificate}`ssh-keygen -L -f KEY-cert.pub` shows from when to when it is valid, and "
        "for "
        "whom (Principals); sshd's log says why it was refused")},
    {SPF_ROOT_FOR_COMMANDS_ONLY, NULL,
     N_("{?sshd}sshd's log says \"ROOT LOGIN REFUSED\"; try another user (-l {usual_user}), or "
        "look "
        "inside: "
        "`sshd -T | grep -i permitrootlogin` shows forced-commands-only, and prohibit-password "
        "there "
        "lets root in")},
    {SPF_SESSION_LIMITED, NULL,
     N_("{?sshd}sshd's log says why it ended (\"fork: Resource temporarily unavailable\", "
        "pam_limits, "
        "\"No "
        "space left\"); the instance's own figures are in the ECS console")},
    {SPF_AUTH_ALGORITHM_REFUSED,
     N_("The server refuses the algorithm of this key, not the key itself"),
     N_("{?sshd}Try an Ed25519 key, or look at PubkeyAcceptedAlgorithms in sshd_config on the "
        "server")},
    {SPF_AUTH_ALGORITHM_REFUSED,
     N_("The server refuses the algorithm of this key, not the key itself"),
     N_("{?no_sshd}Try a key of another type")},
    {SPF_CONNECTION_REFUSED_BY_RULE, NULL,
     N_("{?sshd}sshd's log says \"administratively prohibited connection\"; `sshd -T -C "
        "user={user} | "
        "grep -i refuseconnection` shows it")},
    {SPF_AUTH_ACCOUNT_DENIED, NULL,
     N_("{?sshd}sshd's log says \"Access denied for user {user} by PAM account configuration\"; "
        "`grep -rh account /etc/pam.d` inside lists the modules that may say so: pam_access "
        "(/etc/security/access.conf), pam_time (/etc/security/time.conf), pam_sss (`sssctl "
        "user-checks {user} -s sshd`)")},
    {SPF_CHROOT_UNUSABLE, NULL,
     N_("{?sshd}sshd's log says \"bad ownership or modes for chroot directory\", or that it does "
        "not exist; as root, `d=$(sshd -T -C user={user},host=h,addr=::1 | sed -n \"s|%u|{user}|; "
        "s|%h|$(getent passwd "
        "{user} | cut -d: -f6)|; s|^chrootdirectory /|/|p\"); mkdir -p \"$d\"; chown root:root "
        "\"$d\"; chmod go-w \"$d\"; namei -l \"$d\"` makes it, gives it to root, and shows all "
        "above it")},
    {SPF_LOGIN_GRACE_EXCEEDED, NULL,
     N_("{?sshd}sshd's log says \"Timeout before authentication\"; `sshd -T | grep -i "
        "logingracetime` shows the limit")},
    {SPF_AUTH_TOO_MANY, N_("The server lets nobody try at all (MaxAuthTries 0)"),
     N_("Run `ssh -v`: if it is cut off before it offers a key, no key would have done")},
    {SPF_AUTH_PUBLICKEY_DISABLED,
     N_("The server offers no login by key, and cuts the connection at the first try (MaxAuthTries "
        "1)"),
     N_("Run `ssh -v`: the first line \"Authentications that can continue\" then lacks publickey")},
    {SPF_HOST_KEY_REBUILT, N_("The system was installed again, and made itself a new host key"),
     N_("Look in the instance's console output (ECS console, Get System Logs) for the fingerprint "
        "{fingerprint_sha256}: only if it is there, the machine is yours, and the line that "
        "known_hosts has may be replaced")},
    {SPF_ADDRESS_ANSWERS_AS_OTHER_HOST, N_("Another machine answers at {address}"),
     N_("Compare {address} with the instance's present address in the console: addresses move")},
};

const size_t spf_suggestion_count = sizeof spf_suggestions / sizeof *spf_suggestions;

const char spf_look_inside[] =
    "{?sshd}u={user}; f=$(getent passwd $u | cut -d: -f6)/.ssh/authorized_keys; getent shadow $u | "
    "sed 's/^\\([^:]*:.\\)[^:]*/\\1/'; chage -l $u; "
    "namei -l $f; ssh-keygen -lf $f; $(command -v sshd || echo /usr/sbin/sshd) -T -C "
    "user=$u,host=h,addr=::1 | grep -iE '^(authorizedkeys|pubkey|permitroot|allow|deny|strict|"
    "revoked)'; journalctl -n 20 --no-pager -t sshd -t sshd-session || tail -n 20 "
    "/var/log/auth.log";

const char *spf_candidate_template(size_t i)
{
    const size_t rows = spf_suggestion_count;

    if (i < 2 * rows) {
        return i % 2 == 0                            ? spf_suggestions[i / 2].tell_apart
               : spf_suggestions[i / 2].text != NULL ? spf_suggestions[i / 2].text
                                                     : "";
    }
    return i == 2 * rows ? spf_look_inside : NULL;
}
