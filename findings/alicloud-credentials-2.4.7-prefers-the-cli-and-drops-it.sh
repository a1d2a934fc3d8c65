#!/bin/sh
# Alibaba Cloud's Node SDK takes the CLI's current profile before its own file of credentials, and when that profile is no
# use (an expired login, a mode that it does not know) it goes on as the file's user, without a word.
#
# The SDK's documentation names the environment, ~/.alibabacloud/credentials and the instance's role; so one would guess that
# ~/.aliyun/config.json is the CLI's alone, or that it comes last. It comes first. And one would guess that a profile which
# is chosen and fails is an error. But every failure means "try the next", so the same program acts as the CLI's user in
# the morning and as another one once the CloudSSO login has expired. There are modes of the CLI that the SDK does not
# know (RamRoleArnWithRoleName, CredentialsURI). An StsToken profile whose own sts_expiration has passed is used all the same.
# Only providerName tells. ALIBABA_CLOUD_CLI_PROFILE_DISABLED=true keeps the CLI's profile out.
#
# Seen with @alicloud/credentials 2.4.7, Node 20, 30 November 2026; AccessKey "file" is in the file, "cli" in the profile:
#   AK: cli (default/cli_profile)
#   StsToken, expired: cli (default/cli_profile)
#   CloudSSO, login expired: file (default/profile)
#   RamRoleArnWithRoleName: file (default/profile)
#   CredentialsURI: file (default/profile)
#   AK, CLI profile disabled: file (default/profile)
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @alicloud/credentials@2.4.7 >/dev/null
mkdir .aliyun .alibabacloud
cat >.alibabacloud/credentials <<'END'
[default]
type = access_key
access_key_id = file
access_key_secret = secret
END
cat >try.js <<'END'
const fs = require('fs');
const Credential = require('@alicloud/credentials').default;
const key = { access_key_id: 'cli', access_key_secret: 'secret' };
const token = { ...key, sts_token: 'token' };
const in_2001 = 1000000000;

async function show(what, profile) {
    fs.writeFileSync('.aliyun/config.json', JSON.stringify({ current: 'work', profiles: [{ name: 'work', ...profile }] }));
    const { accessKeyId, providerName } = await new Credential().getCredential();
    console.log(`${what}: ${accessKeyId} (${providerName})`);
}
(async () => {
    await show('AK', { mode: 'AK', ...key });
    await show('StsToken, expired', { mode: 'StsToken', ...token, sts_expiration: in_2001 });
    await show('CloudSSO, login expired', {
        mode: 'CloudSSO', ...token, sts_expiration: in_2001, access_token: 'token', cloud_sso_account_id: '1',
        cloud_sso_access_config: 'ac-lab', cloud_sso_sign_in_url: 'https://sso.lab', cloud_sso_access_token_expire: in_2001,
    });
    await show('RamRoleArnWithRoleName', {
        mode: 'RamRoleArnWithRoleName', ram_role_name: 'lab', ram_role_arn: 'acs:ram::1:role/lab', ram_session_name: 'lab',
    });
    await show('CredentialsURI', { mode: 'CredentialsURI', credentials_uri: 'http://127.0.0.1:1/' });
    process.env.ALIBABA_CLOUD_CLI_PROFILE_DISABLED = 'true';
    await show('AK, CLI profile disabled', { mode: 'AK', ...key });
})();
END
env -i PATH="$PATH" HOME="$dir" ALIBABA_CLOUD_ECS_METADATA_DISABLED=true node try.js | tee seen
cmp - seen <<'END'
AK: cli (default/cli_profile)
StsToken, expired: cli (default/cli_profile)
CloudSSO, login expired: file (default/profile)
RamRoleArnWithRoleName: file (default/profile)
CredentialsURI: file (default/profile)
AK, CLI profile disabled: file (default/profile)
END
