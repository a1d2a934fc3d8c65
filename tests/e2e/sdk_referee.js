// What the official SDK reads from the lab: one JSON object on standard output, for sdk_referee.py.
'use strict';
const ecs = require('@alicloud/ecs20140526');
const { $OpenApiUtil } = require('@alicloud/openapi-core');

const config = new $OpenApiUtil.Config({
  accessKeyId: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
  accessKeySecret: process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
  regionId: process.env.REGION, endpoint: process.env.ENDPOINT, protocol: 'https',
});
const client = new ecs.default(config);
const regionId = process.env.REGION;

// What vpc says, where its package is there as well.
async function way(instance) {
  let vpc;
  try {
    vpc = require('@alicloud/vpc20160428');
  } catch {
    return null;
  }
  const client = new vpc.default(config);
  const { vSwitchId, vpcId } = instance.vpcAttributes;
  const vswitch = (await client.describeVSwitchAttributes(
    new vpc.DescribeVSwitchAttributesRequest({ regionId, vSwitchId }))).body;
  const acl = (await client.describeNetworkAclAttributes(
    new vpc.DescribeNetworkAclAttributesRequest({ regionId, networkAclId: vswitch.networkAclId })))
    .body.networkAclAttribute;
  const network = (await client.describeVpcAttribute(
    new vpc.DescribeVpcAttributeRequest({ regionId, vpcId }))).body;
  const elastic = (await client.describeEipAddresses(new vpc.DescribeEipAddressesRequest({
    regionId, eipAddress: instance.eipAddress.ipAddress }))).body.eipAddresses.eipAddress[0];
  const routes = (await client.describeRouteEntryList(new vpc.DescribeRouteEntryListRequest({
    regionId, routeTableId: vswitch.routeTable.routeTableId,
    destinationCidrBlock: '0.0.0.0/0' }))).body.routeEntrys.routeEntry;
  return { vswitch, acl, network, elastic, routes };
}

// What is asked only where a bound key is refused.
async function late() {
  const images = (await client.describeImages(new ecs.DescribeImagesRequest({
    regionId, imageId: process.env.IMAGE }))).body.images.image;
  const agents = (await client.describeCloudAssistantStatus(
    new ecs.DescribeCloudAssistantStatusRequest({
      regionId, instanceId: [process.env.INSTANCE] })))
    .body.instanceCloudAssistantStatusSet.instanceCloudAssistantStatus;
  return { image: images[0], agent: agents[0] };
}

(async () => {
  if (process.env.IMAGE) {
    console.log(JSON.stringify(await late()));
    return;
  }
  const instances = await client.describeInstances(new ecs.DescribeInstancesRequest({
    regionId, instanceIds: JSON.stringify([process.env.INSTANCE]),
    additionalAttributes: ['NETWORK_PRIMARY_ENI_IP'] }));
  const instance = instances.body.instances.instance[0];
  const group = await client.describeSecurityGroupAttribute(
    new ecs.DescribeSecurityGroupAttributeRequest({ regionId, direction: 'ingress',
      securityGroupId: instance.securityGroupIds.securityGroupId[0], maxResults: 1000 }));
  const pairs = await client.describeKeyPairs(new ecs.DescribeKeyPairsRequest({
    regionId, keyPairName: instance.keyPairName, includePublicKey: true }));
  const prefixes = await client.describePrefixListAttributes(
    new ecs.DescribePrefixListAttributesRequest({ regionId, prefixListId: process.env.PREFIXES }));
  const ports = await client.describePortRangeListEntries(
    new ecs.DescribePortRangeListEntriesRequest({ regionId, portRangeListId: process.env.PORTS }));
  const console_ = await client.getInstanceConsoleOutput(
    new ecs.GetInstanceConsoleOutputRequest({ regionId, instanceId: process.env.INSTANCE }));
  const status = await client.describeInstancesFullStatus(
    new ecs.DescribeInstancesFullStatusRequest({ regionId, instanceId: [process.env.INSTANCE] }));
  console.log(JSON.stringify({ way: await way(instance),
    status: status.body.instanceFullStatusSet.instanceFullStatusType[0], instance, group: group.body, pair: pairs.body.keyPairs.keyPair[0],
    prefixes: prefixes.body.entries.entry.map((entry) => entry.cidr),
    ports: ports.body.entries.map((entry) => entry.portRange),
    console: Buffer.from(console_.body.consoleOutput, 'base64').toString() }));
})().catch((error) => { console.error(String(error)); process.exit(1); });
