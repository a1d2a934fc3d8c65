#!/bin/sh
# With network: 'vpc' Alibaba Cloud's Node SDK for ECS calls the VPC endpoint of every region but Hangzhou's, where it calls
# the public one.
#
# One would guess that the option counts in all regions or in none. But the SDK first looks into a table of exceptions, in
# which cn-hangzhou stands with its public endpoint, and makes a name with "-vpc" only for regions that are not there. So a
# script that runs in a VPC without a way out works in Beijing and times out in Hangzhou, as if a security group were in
# the way. The option endpoint helps: ecs-vpc.cn-hangzhou.aliyuncs.com.
#
# Seen with @alicloud/ecs20140526 7.11.6, @alicloud/openapi-core 1.0.8, Node 20, 30 November 2026, the names looked up:
#   cn-beijing, public: ecs.cn-beijing.aliyuncs.com
#   cn-beijing, vpc: ecs-vpc.cn-beijing.aliyuncs.com
#   cn-hangzhou, public: ecs-cn-hangzhou.aliyuncs.com
#   cn-hangzhou, vpc: ecs-cn-hangzhou.aliyuncs.com
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @alicloud/ecs20140526@7.11.6 \
    @alicloud/openapi-core@1.0.8 @darabonba/typescript@1.0.5 >/dev/null
cat >try.js <<'END'
const dns = require('dns');
const ecs = require('@alicloud/ecs20140526');
const { Config } = require('@alicloud/openapi-core').$OpenApiUtil;
const { RuntimeOptions } = require('@darabonba/typescript');
let asked;
// Nothing leaves the machine: every look-up is noted and fails.
dns.lookup = (name, options, done) => {
    asked = name;
    process.nextTick(done, Object.assign(new Error('not looked up'), { code: 'ENOTFOUND' }));
};
(async () => {
    for (const regionId of ['cn-beijing', 'cn-hangzhou']) {
        for (const network of ['public', 'vpc']) {
            const client = new ecs.default(new Config({ accessKeyId: 'id', accessKeySecret: 'secret', regionId, network }));
            asked = undefined;
            await client.describeRegionsWithOptions(new ecs.DescribeRegionsRequest({}), new RuntimeOptions({}))
                .catch(error => { if (!error.message.includes('not looked up')) throw error; });
            console.log(`${regionId}, ${network}: ${asked}`);
        }
    }
})();
END
env -i PATH="$PATH" HOME="$dir" node try.js | tee seen
cmp - seen <<'END'
cn-beijing, public: ecs.cn-beijing.aliyuncs.com
cn-beijing, vpc: ecs-vpc.cn-beijing.aliyuncs.com
cn-hangzhou, public: ecs-cn-hangzhou.aliyuncs.com
cn-hangzhou, vpc: ecs-cn-hangzhou.aliyuncs.com
END
