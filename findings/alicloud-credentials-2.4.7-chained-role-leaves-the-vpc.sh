#!/bin/sh
# Alibaba Cloud's Node SDK obeys enable_vpc and sts_endpoint of a CLI profile of mode RamRoleArn, and ignores both where the
# same profile has mode ChainableRamRoleArn; OIDC obeys the one and ignores the other.
#
# All three assume a role with STS, and one would guess that they differ in who asks and not in where. But the SDK copies
# the fields of the profile (~/.aliyun/config.json) mode by mode, and not the same ones. So when a role gets a source profile
# in front, or a pod its OIDC token, the calls to STS go to the public endpoint, and in a VPC without a way out they time
# out. sts_region counts in all modes, region_id in none: without sts_region the endpoint is the central one. The variable
# ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED=true helps, together with sts_region.
#
# Seen with @alicloud/credentials 2.4.7, Node 20, 30 November 2026, the names looked up, region_id is cn-beijing:
#   RamRoleArn: sts.aliyuncs.com
#   RamRoleArn, sts_region: sts.cn-beijing.aliyuncs.com
#   RamRoleArn, sts_region, enable_vpc: sts-vpc.cn-beijing.aliyuncs.com
#   RamRoleArn, sts_endpoint: sts.lab
#   OIDC: sts.aliyuncs.com
#   OIDC, sts_region: sts.cn-beijing.aliyuncs.com
#   OIDC, sts_region, enable_vpc: sts-vpc.cn-beijing.aliyuncs.com
#   OIDC, sts_endpoint: sts.aliyuncs.com
#   ChainableRamRoleArn: sts.aliyuncs.com
#   ChainableRamRoleArn, sts_region: sts.cn-beijing.aliyuncs.com
#   ChainableRamRoleArn, sts_region, enable_vpc: sts.cn-beijing.aliyuncs.com
#   ChainableRamRoleArn, sts_endpoint: sts.aliyuncs.com
#   ChainableRamRoleArn, sts_region, variable: sts-vpc.cn-beijing.aliyuncs.com
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @alicloud/credentials@2.4.7 >/dev/null
mkdir .aliyun
echo token >token
cat >try.js <<'END'
const dns = require('dns');
const fs = require('fs');
const { CLIProfileCredentialsProvider } = require('@alicloud/credentials');
const values = { sts_region: 'cn-beijing', enable_vpc: true, sts_endpoint: 'sts.lab' };
const role = { name: 'role', ram_role_arn: 'acs:ram::1:role/lab', ram_session_name: 'lab', region_id: 'cn-beijing' };
const modes = {
    RamRoleArn: { access_key_id: 'id', access_key_secret: 'secret' },
    OIDC: { oidc_provider_arn: 'acs:ram::1:oidc-provider/lab', oidc_token_file: 'token' },
    ChainableRamRoleArn: { source_profile: 'source' },
};
const source = { name: 'source', mode: 'AK', access_key_id: 'id', access_key_secret: 'secret' };
let asked;
// Nothing leaves the machine: every look-up is noted and fails.
dns.lookup = (name, options, done) => {
    asked = name;
    process.nextTick(done, Object.assign(new Error('not looked up'), { code: 'ENOTFOUND' }));
};

async function show(mode, fields, more) {
    const profile = { ...role, ...modes[mode], mode };
    fields.forEach(field => { profile[field] = values[field]; });
    fs.writeFileSync('.aliyun/config.json', JSON.stringify({ current: 'role', profiles: [source, profile] }));
    asked = undefined;
    await CLIProfileCredentialsProvider.builder().build().getCredentials()
        .catch(error => { if (!error.message.includes('not looked up')) throw error; });
    console.log(`${[mode, ...fields, ...more].join(', ')}: ${asked}`);
}
(async () => {
    for (const mode of Object.keys(modes)) {
        for (const fields of [[], ['sts_region'], ['sts_region', 'enable_vpc'], ['sts_endpoint']]) {
            await show(mode, fields, []);
        }
    }
    process.env.ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED = 'true';
    await show('ChainableRamRoleArn', ['sts_region'], ['variable']);
})();
END
env -i PATH="$PATH" HOME="$dir" node try.js | tee seen
cmp - seen <<'END'
RamRoleArn: sts.aliyuncs.com
RamRoleArn, sts_region: sts.cn-beijing.aliyuncs.com
RamRoleArn, sts_region, enable_vpc: sts-vpc.cn-beijing.aliyuncs.com
RamRoleArn, sts_endpoint: sts.lab
OIDC: sts.aliyuncs.com
OIDC, sts_region: sts.cn-beijing.aliyuncs.com
OIDC, sts_region, enable_vpc: sts-vpc.cn-beijing.aliyuncs.com
OIDC, sts_endpoint: sts.aliyuncs.com
ChainableRamRoleArn: sts.aliyuncs.com
ChainableRamRoleArn, sts_region: sts.cn-beijing.aliyuncs.com
ChainableRamRoleArn, sts_region, enable_vpc: sts.cn-beijing.aliyuncs.com
ChainableRamRoleArn, sts_endpoint: sts.aliyuncs.com
ChainableRamRoleArn, sts_region, variable: sts-vpc.cn-beijing.aliyuncs.com
END
