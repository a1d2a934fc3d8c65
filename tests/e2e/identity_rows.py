"""The rows of identity.py: what is there, and who the CLI, the SDKs and we are.

who: the name of an identity, or a cause for "nobody". cli, sdk: what aliyun CLI 3.4.11 and the SDKs
were seen to do ("-": they do not know of it); ours: what we do; why: where that is neither, the reason. line: what the remedy of a stopped
instance has in its line of the CLI, which must act as the same identity.
"""

import base64
import json

USERS = ["file", "env", "iniuser", "uriuser"]
TEMPORARY = ["filests", "envsts", "attachedrole", "envrole", "oauth", "sso", "uri", "stale",
             "tokenless"]
# trusts: whose key may take the role
ROLES = {
    "r1": {"trusts": ["file", "env", "attachedrole", "filests"]},
    "r2": {"trusts": ["file", "env"]},
    "rext": {"trusts": ["file"], "external_id": "ext1"},
    "roidc": {"oidc_token": "oidc-canary"},
    "renvoidc": {"oidc_token": "oidc-canary"},
}
SECRET = "LabCanarySecret"
FILE = {"access_key_id": "LTAI5tLabfile", "access_key_secret": SECRET + "file"}
FILESTS = {"access_key_id": "STS.Labfilests", "access_key_secret": SECRET + "filests"}
AK = {"mode": "AK", **FILE}
ENV = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tLabenv",
       "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET + "env"}
ROLE = {"ram_role_arn": "acs:ram::1:role/r1", "ram_session_name": "s"}
STALE = {"access_key_id": "STS.Labstale", "access_key_secret": SECRET + "stale",
         "sts_token": "LabCanaryTokenstale", "sts_expiration": 1700000000}
OAUTH = {"mode": "OAuth", "oauth_access_token": "LabCanaryTokenOauth", "oauth_site_type": "CN",
         "oauth_access_token_expire": 4102444800, **STALE}
SSO = {"mode": "CloudSSO", "cloud_sso_sign_in_url": "https://signin.example/start",
       "cloud_sso_account_id": "1", "cloud_sso_access_config": "ac-1",
       "access_token": "LabCanaryTokenSso", "cloud_sso_access_token_expire": 4102444800}
OIDC = {"ram_role_arn": "acs:ram::1:role/roidc", "ram_session_name": "s",
        "oidc_provider_arn": "acs:ram::1:oidc-provider/p", "oidc_token_file": "{home}/token"}
OIDC_ENV = {"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/renvoidc",
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p",
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "{home}/token"}
TOKEN = {"token": "oidc-canary"}


def config(profile, **more):
    """config.json with this profile as the current one."""
    return {".aliyun/config.json": {"current": "p", "profiles": [
        {"name": "p", "region_id": "cn-hangzhou", **profile}], **more}}


def printed(who="file", **members):
    return json.dumps({"mode": "AK", "access_key_id": "LTAI5tLab" + who,
                       "access_key_secret": SECRET + who, **members})


def program(line, text, **profile):
    """Mode External, and its program."""
    return {**config({"mode": "External", "process_command": line, **profile}),
            "helper": "#!/bin/sh\n" + text + "\n"}


def says(text):
    return "printf '%s'" % text


def words(expected):
    """A helper that prints a key only where its arguments are these."""
    tests = "\n".join('[ "$%d" = "$(printf %s | base64 -d)" ] || exit 9' % (
        number + 1, base64.b64encode(word.encode()).decode()) for number, word in enumerate(expected))
    return "[ $# = %d ] || exit 8\n%s\n%s" % (len(expected), tests, says(printed()))


def ini(text):
    return {".alibabacloud/credentials": text}


INI = ("[default]\ntype = access_key\naccess_key_id = LTAI5tLabiniuser\naccess_key_secret = " +
       SECRET + "iniuser\n")
INI_ROLE = ("[default]\ntype = ram_role_arn\naccess_key_id = LTAI5tLabfile\naccess_key_secret = " +
            SECRET + "file\nrole_arn = acs:ram::1:role/r1\nrole_session_name = s\n")
HELPER = "{home}/helper"

ROWS = [
    dict(row="1", what="mode AK, left-over sts_token", cli="file", sdk="file", ours="file",
         files=config({**AK, "sts_token": "LabCanaryTokenstale"})),
    dict(row="2", what="OAuth, STS expired, access token valid", cli="oauth", sdk="oauth",
         ours="oauth", files=config(OAUTH), hosts=["oauth.aliyun.com", "sts.aliyuncs.com"]),
    dict(row="2b", what="the same, site INTL, without a refresh token", cli="oauth", sdk="oauth",
         ours="oauth", files=config({**OAUTH, "oauth_site_type": "INTL"}),
         hosts=["oauth.alibabacloud.com", "sts.aliyuncs.com"]),
    dict(row="3", what="OAuth, access token expired, refresh token", cli="oauth", sdk="oauth",
         ours="token-expired", why="a refresh token is good for one use, and its successor would "
         "have to be written into the user's file",
         files=config({**OAUTH, "oauth_access_token_expire": 1700000000,
                       "oauth_refresh_token": "LabCanaryTokenRefresh"}),
         says=["aliyun sts GetCallerIdentity --profile p"]),
    dict(row="4", what="environment key beside profile AK", cli="file", sdk="env", ours="file",
         files=config(AK), env=ENV, says=["environment variable ALIBABA_CLOUD_ACCESS_KEY_ID"]),
    dict(row="4b", what="the same beside RamRoleArn", cli="r1", sdk="env", ours="r1",
         files=config({"mode": "RamRoleArn", **FILE, **ROLE}), env=ENV),
    dict(row="4c", what="the same beside OAuth", cli="oauth", sdk="env", ours="oauth",
         files=config(OAUTH), env=ENV),
    dict(row="4d", what="environment key, no profile", cli="env", sdk="env", ours="env", env=ENV),
    dict(row="5", what="environment OIDC beside profile AK", cli="file", sdk="renvoidc",
         ours="file", files={**config(AK), **TOKEN}, env=OIDC_ENV,
         says=["OIDC role of ALIBABA_CLOUD_ROLE_ARN"]),
    dict(row="5b", what="the same beside profile OIDC of another role", cli="roidc",
         sdk="renvoidc", ours="roidc", files={**config({"mode": "OIDC", **OIDC}), **TOKEN},
         env=OIDC_ENV),
    dict(row="5c", what="environment OIDC, no profile", cli="-", sdk="renvoidc", ours="renvoidc",
         files=TOKEN, env=OIDC_ENV, line="--mode OIDC"),
    dict(row="6", what="profile RamRoleArn without keys, keys in the environment", cli="r1 by env",
         sdk="env", ours="r1", files=config({"mode": "RamRoleArn", **ROLE}), env=ENV),
    dict(row="7", what="profile RamRoleArn without a role, ROLE_ARN in the environment", cli="r2",
         sdk="r2", ours="r2", files=config({"mode": "RamRoleArn", **FILE, "ram_session_name": "s"}),
         env={"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r2"}),
    dict(row="7b", what="the same of OIDC", cli="roidc", sdk="roidc", ours="roidc",
         files={**config({"mode": "OIDC", **OIDC, "ram_role_arn": ""}), **TOKEN},
         env={"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/roidc"}),
    dict(row="8", what="profile StsToken without a token, SECURITY_TOKEN in the environment",
         cli="filests", sdk="filests", ours="filests",
         files=config({"mode": "StsToken", **FILESTS}),
         env={"ALIBABA_CLOUD_SECURITY_TOKEN": "LabCanaryTokenfilests"}),
    dict(row="9", what="OIDC members in ALIBABACLOUD_ variables", cli="roidc", sdk="-",
         ours="roidc", files={**config({"mode": "OIDC", "ram_session_name": "s"}), **TOKEN},
         env={"ALIBABACLOUD_ROLE_ARN": "acs:ram::1:role/roidc",
              "ALIBABACLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p",
              "ALIBABACLOUD_OIDC_TOKEN_FILE": "{home}/token"}),
    dict(row="10", what="EcsRamRole without a name, ECS_METADATA=envrole", cli="envrole",
         sdk="envrole", ours="envrole", files=config({"mode": "EcsRamRole"}), metadata=True,
         env={"ALIBABA_CLOUD_ECS_METADATA": "envrole"}),
    dict(row="11a", what="no mode: ram_role_name", cli="envrole", sdk="refused", ours="envrole",
         files=config({"ram_role_name": "envrole"}), metadata=True),
    dict(row="11b", what="no mode: process_command", cli="file", sdk="refused", ours="file",
         files={**config({"process_command": HELPER}), "helper": "#!/bin/sh\n" + says(printed())}),
    dict(row="11c", what="no mode: oidc_*", cli="roidc", sdk="refused", ours="roidc",
         files={**config(OIDC), **TOKEN}),
    dict(row="11d", what="no mode: cloud_sso_*", cli="sso", sdk="refused", ours="sso",
         files=config({**SSO, "mode": ""})),
    dict(row="11e", what="no mode and nothing else: nobody has configured it", cli="refused",
         sdk="attachedrole", ours="attachedrole", files=config({}), metadata=True,
         line="ALIBABA_CLOUD_IGNORE_PROFILE=TRUE aliyun"),
    dict(row="12", what="no mode: key, sts_token and ram_role_arn", cli="filests", sdk="refused",
         ours="filests", files=config({**FILESTS, "sts_token": "LabCanaryTokenfilests", **ROLE})),
    dict(row="13", what="RsaKeyPair", cli="session key", sdk="refused",
         ours="profile-mode-unsupported", why="deprecated; the report names the mode and why",
         files=config({"mode": "RsaKeyPair", "private_key": "{home}/k", "key_pair_name": "k"}),
         metadata=True, says=["RsaKeyPair", "deprecated"]),
    dict(row="14", what="External prints mode RamRoleArn", cli="r1", sdk="file, without the role",
         ours="r1", files=program(HELPER, says(printed(**{**ROLE, "mode": "RamRoleArn"})))),
    dict(row="14b", what="External prints mode EcsRamRole", cli="envrole", sdk="refused",
         ours="envrole", metadata=True,
         files=program(HELPER, says(json.dumps({"mode": "EcsRamRole",
                                                "ram_role_name": "envrole"})))),
    dict(row="14c", what="External prints a mode that cannot be used, on a machine with a role",
         cli="refused", sdk="refused", ours="profile-mode-unsupported", metadata=True,
         files=program(HELPER, says(json.dumps({"mode": "BearerToken", "bearer_token": "x"}))),
         says=["bearer"]),
    dict(row="14d", what="External prints part of a role, the profile has the rest", cli="r1",
         sdk="file, without the role", ours="r1",
         files=program(HELPER, says(printed(mode="RamRoleArn")), **ROLE)),
    dict(row="15", what="External: backslash and newline in the command", cli="file", sdk="file",
         ours="file", files=program(HELPER + " a\\\nb", words(["ab"]))),
    dict(row="16", what="External: CR between words", cli="file", sdk="file", ours="file",
         files=program(HELPER + "\ra\r\nb", words(["a", "b"]))),
    dict(row="17", what="External: \"a\\b\" in double quotes", cli="file", sdk="file", ours="file",
         files=program(HELPER + ' "a\\b" "c\\"d" \'\' e\\ f', words(["a\\b", 'c"d', "", "e f"]))),
    dict(row="18", what="External: the helper needs VAULT_TOKEN", cli="file", sdk="file",
         ours="file", env={"VAULT_TOKEN": "x", "DB_PASSWORD": "x", "ALIBABA_CLOUD_X_SECRET": "x",
                           "SSHPREFLIGHT_PASSPHRASE": "x"},
         files=program(HELPER, '[ "$VAULT_TOKEN$DB_PASSWORD$ALIBABA_CLOUD_X_SECRET" = xxx ] || '
                       'exit 1\n[ -z "$SSHPREFLIGHT_PASSPHRASE" ] || exit 2\n' + says(printed()))),
    dict(row="18b", what="External: the helper signs with the environment's key", cli="file",
         sdk="file", ours="file",
         env={"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tLabenv",
              "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET + "env",
              "ALIBABA_CLOUD_SECURITY_TOKEN": "x"},
         files=program(HELPER, '[ "$ALIBABA_CLOUD_ACCESS_KEY_ID" = LTAI5tLabenv ] || exit 1\n'
                       '[ "$ALIBABA_CLOUD_ACCESS_KEY_SECRET" = %senv ] || exit 2\n'
                       '[ "$ALIBABA_CLOUD_SECURITY_TOKEN" = x ] || exit 3\n' % SECRET +
                       says(printed()))),
    dict(row="19", what="External: exit status 3 with a key on standard output", cli="refused",
         sdk="refused", ours="credentials-incomplete",
         files=program(HELPER, says(printed()) + "\nexit 3"), says=["status 3"]),
    dict(row="20", what="External: a helper of 31 s", cli="file", sdk="file", ours="file",
         files=program(HELPER, "sleep 31\n" + says(printed())), options=["--deadline", "90"]),
    dict(row="21", what="External: a program that others can write", cli="file", sdk="file",
         ours="credentials-incomplete", modes={"helper": 0o777},
         why="whoever can write it could act as the user",
         files=program(HELPER, says(printed())), says=["can be written by others"]),
    dict(row="22", what="CREDENTIALS_URI and a role of this machine", cli="-", sdk="attachedrole",
         ours="attachedrole", metadata=True, env={"ALIBABA_CLOUD_CREDENTIALS_URI": "{uri}"},
         says=["ALIBABA_CLOUD_CREDENTIALS_URI"], line="--mode EcsRamRole"),
    dict(row="22b", what="CREDENTIALS_URI, no role", cli="-", sdk="uri", ours="uri",
         env={"ALIBABA_CLOUD_CREDENTIALS_URI": "{uri}"}, line="--mode CredentialsURI"),
    dict(row="23", what="sts_endpoint with a scheme and blanks", cli="r1", sdk="breaks", ours="r1",
         files=config({"mode": "RamRoleArn", **FILE, **ROLE, "sts_endpoint": " http://sts.example/ "}),
         hosts=["sts.example", "sts.aliyuncs.com"]),
    dict(row="23b", what="the same in the environment", cli="r1", sdk="-", ours="r1",
         files=config({"mode": "RamRoleArn", **FILE, **ROLE}),
         env={"ALIBABA_CLOUD_STS_ENDPOINT": " http://sts.example/ "}, hosts=["sts.example"]),
    dict(row="24", what="DISABLE_EXTERNAL_PROCESS and CredentialsURI", cli="refused", sdk="-",
         ours="credentials-incomplete", env={"ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS": "1"},
         files=config({"mode": "CredentialsURI", "credentials_uri": "{uri}"}),
         says=["ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS"]),
    dict(row="24b", what="CredentialsURI, its URI in the environment", cli="uri", sdk="-",
         ours="uri", env={"ALIBABA_CLOUD_CREDENTIALS_URI": "{uri}"},
         files=config({"mode": "CredentialsURI"})),
    dict(row="25", what="IGNORE_PROFILE=true, in lower case", cli="file", sdk="file", ours="file",
         files=config(AK), env={**ENV, "ALIBABA_CLOUD_IGNORE_PROFILE": "true"}),
    dict(row="25b", what="IGNORE_PROFILE=TRUE", cli="env", sdk="env", ours="env",
         files=config(AK), env={**ENV, "ALIBABA_CLOUD_IGNORE_PROFILE": "TRUE"}),
    dict(row="26", what="ALIBABACLOUD_IGNORE_PROFILE=TRUE", cli="env", sdk="env", ours="env",
         files=config(AK), env={**ENV, "ALIBABACLOUD_IGNORE_PROFILE": "TRUE"}),
    dict(row="27", what="CONFIG_FILE beside ~/.aliyun/config.json", cli="file", sdk="Go: iniuser",
         ours="file", env={"ALIBABA_CLOUD_CONFIG_FILE": "{home}/other.json"},
         files={**config(AK), "other.json": {"current": "o", "profiles": [
             {"name": "o", "mode": "AK", "access_key_id": "LTAI5tLabiniuser",
              "access_key_secret": SECRET + "iniuser"}]}},
         says=["ALIBABA_CLOUD_CONFIG_FILE"]),
    dict(row="27b", what="CONFIG_FILE alone", cli="-", sdk="Go: iniuser", ours="iniuser",
         env={"ALIBABA_CLOUD_CONFIG_FILE": "{home}/other.json"},
         files={"other.json": {"current": "o", "profiles": [
             {"name": "o", "mode": "AK", "access_key_id": "LTAI5tLabiniuser",
              "access_key_secret": SECRET + "iniuser"}]}}),
    dict(row="28", what="CLI_PROFILE_DISABLED=true", cli="file", sdk="env", ours="file",
         files=config(AK), env={**ENV, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"},
         says=["ALIBABA_CLOUD_CLI_PROFILE_DISABLED"]),
    dict(row="29", what="ini: values in quotes, a comment behind a value", cli="-", sdk="iniuser",
         ours="iniuser", files=ini(
             '[default]\ntype = "access_key"\naccess_key_id = \'LTAI5tLabiniuser\'\n'
             "access_key_secret = " + SECRET + "iniuser ; the new one\n")),
    dict(row="30", what='ini: "key: value"', cli="-", sdk="Go: iniuser", ours="iniuser",
         files=ini(INI.replace(" = ", ": "))),
    dict(row="31", what="ini: policy", cli="-", sdk="r1, with Policy", ours="r1",
         files=ini(INI_ROLE + 'policy = {"Statement":[],"Version":"1"}\n'),
         params={"Policy": '{"Statement":[],"Version":"1"}'}),
    dict(row="32", what="ini: no type", cli="-", sdk="refused", ours="credentials-incomplete",
         files=ini(INI.replace("type = access_key\n", ""))),
    dict(row="32b", what="ini: type sts", cli="-", sdk="refused", ours="credentials-incomplete",
         files=ini(INI.replace("access_key\n", "sts\n", 1))),
    dict(row="33", what="RamRoleArn, STS_REGION in the environment", cli="sts.aliyuncs.com",
         sdk="sts.cn-beijing…", ours="r1", hosts=["sts.aliyuncs.com"],
         files=config({"mode": "RamRoleArn", **FILE, **ROLE}),
         env={"ALIBABA_CLOUD_STS_REGION": "cn-beijing"}),
    dict(row="33b", what="ini ram_role_arn, STS_REGION in the environment", cli="-",
         sdk="sts.cn-beijing…", ours="r1", hosts=["sts.cn-beijing.aliyuncs.com", "sts.aliyuncs.com"],
         files=ini(INI_ROLE), env={"ALIBABA_CLOUD_STS_REGION": "cn-beijing"}),
    dict(row="34", what="RamRoleArn without a session name, ROLE_SESSION_NAME", cli="refused",
         sdk="r1, that session", ours="r1", params={"RoleSessionName": "mine"},
         files=config({"mode": "RamRoleArn", **FILE, "ram_role_arn": "acs:ram::1:role/r1"}),
         env={"ALIBABA_CLOUD_ROLE_SESSION_NAME": "mine"}),
    dict(row="35", what="RamRoleArn, EXTERNAL_ID in the environment", cli="rext", sdk="-",
         ours="rext", files=config({"mode": "RamRoleArn", **FILE,
                                    "ram_role_arn": "acs:ram::1:role/rext", "ram_session_name": "s"}),
         env={"ALIBABACLOUD_EXTERNAL_ID": "ext1", "ALIBABA_CLOUD_EXTERNAL_ID": "other"}),
    *[dict(row="36" + letter, what=name + "=vpc", cli="vpc", sdk="-", ours="file",
           files=config({**AK}), env={name: "vpc"}, hosts=["sts-vpc.cn-hangzhou.aliyuncs.com"])
      for letter, name in zip("abcd", ["ALIBABACLOUD_ENDPOINT_TYPE", "ALICLOUD_ENDPOINT_TYPE",
                                       "ENDPOINT_TYPE", "ALIBABA_CLOUD_ENDPOINT_TYPE"])],
    dict(row="37", what="metadata: refused with the token, given without", cli="refused",
         sdk="Node: tokenless, Go: refused", ours="credentials-incomplete", metadata=True,
         files=config({"mode": "EcsRamRole", "ram_role_name": "tokenless"})),
    dict(row="38a", what='mode "ak"', cli="refused", sdk="refused", ours="file",
         why="a superset that changes nobody's identity", files=config({**AK, "mode": "ak"})),
    dict(row="38b", what="sign-in URL without a scheme", cli="refused", sdk="refused", ours="sso",
         why="the same", files=config({**SSO, "cloud_sso_sign_in_url": "signin.example/start"})),
    dict(row="38c", what="expired_seconds 600", cli="refused", sdk="refused", ours="r1",
         why="the same", files=config({"mode": "RamRoleArn", **FILE, **ROLE,
                                       "expired_seconds": 600})),
    dict(row="38d", what="a trailing comma in config.json", cli="refused", sdk="refused",
         ours="credentials-incomplete",
         files={".aliyun/config.json": '{"current":"p","profiles":[%s,]}' % json.dumps(
             {"name": "p", **AK})}),
    dict(row="38e", what='current ""', cli="refused", sdk="refused", ours="file",
         why='it can mean "default" only', files={".aliyun/config.json": {
             "current": "", "profiles": [{"name": "default", **AK}]}}),
    dict(row="39", what="members in another letter case", cli="file", sdk="refused", ours="file",
         files={".aliyun/config.json": {"Current": "p", "Profiles": [
             {"Name": "p", "MODE": "AK", "Access_Key_Id": FILE["access_key_id"],
              "access_KEY_secret": FILE["access_key_secret"]}]}}),
    dict(row="40", what="CloudSSO: access token expired, STS still valid", cli="refused",
         sdk="refused", ours="filests", why="what the CLI itself has cached is still good",
         files=config({**SSO, "cloud_sso_access_token_expire": 1700000000, **FILESTS,
                       "sts_token": "LabCanaryTokenfilests", "sts_expiration": 4102444800})),
    dict(row="41", what="BearerToken", cli="ecs refuses it", sdk="-",
         ours="profile-mode-unsupported", metadata=True,
         files=config({"mode": "BearerToken", "bearer_token": "x"}), says=["bearer"]),
    dict(row="41b", what="Anonymous", cli="ecs refuses it", sdk="-",
         ours="profile-mode-unsupported", metadata=True, files=config({"mode": "Anonymous"}),
         says=["anonymous"]),
]
