"""The lab tests itself: signatures taken and refused, pages, filters, faults, the way it ends."""

import datetime
import http.client
import json
import os
import sys
import tempfile
import time
import unittest

from harness import signer, world
from harness.cloud import Authority, Cloud

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.environ.get("LAB_CLOUD", "lab-cloud")
ID, SECRET = "LTAI5tLabCanaryId0001", "LabCanarySecretAk000000000001x"
STS_ID, STS_SECRET = "STS.LabCanaryStsId000000001", "LabCanarySecretSts00000000001x"
STS_TOKEN = "CAISLabCanaryToken+/=000000000000000000000000000000000000001"
REGION = {"RegionId": world.HOME_REGION}
GROUP = "sg-bp1lab0000000000web"
PLACES = {"public_key": "ssh-ed25519 AAAAx lab", "key_md5": "aa", "other_public_key": "ssh-rsa x",
          "other_key_md5": "bb"}


class Lab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="spf-lab-")
        cls.authority = Authority(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def start(self, patch=None, raw=None):
        cloud = Cloud(BINARY, tempfile.mkdtemp(dir=self.folder.name),
                      raw or world.build(patch, PLACES), self.authority)
        self.addCleanup(cloud.stop)
        return cloud

    def client(self, cloud, key_id=ID, secret=SECRET, token=None):
        return signer.Client(cloud, self.authority.ca, key_id, secret, token)


class Signatures(Lab):
    def test_vectors(self):
        """What the official SDK signed is accepted, with the lab's clock set to the vector's."""
        with open(os.path.join(HERE, "signature-vectors.json"), encoding="utf-8") as source:
            vectors = json.load(source)["vectors"]
        self.assertGreaterEqual(len(vectors), 17)
        for vector in vectors:
            with self.subTest(vector["name"]):
                self.check_vector(vector)

    def check_vector(self, vector):
        date = datetime.datetime.strptime(vector["headers"]["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ")
        then = date.replace(tzinfo=datetime.timezone.utc).timestamp()
        key = {"AccessKeyId": vector["access_key_id"],
               "AccessKeySecret": vector["access_key_secret"], "state": "active"}
        if vector["security_token"]:
            key["SecurityToken"] = vector["security_token"]
        cloud = self.start(raw={"access_keys": [key], "regions": {},
                                "clock_offset_s": int(then - time.time())})
        client = self.client(cloud)
        headers = dict(vector["headers"], accept="application/json")
        body = vector["body"].encode()
        good = vector["authorization"]
        bad = good[:-1] + ("0" if good[-1] != "0" else "1")
        if vector["path"] != "/":
            return  # the services of the lab have one path
        for signature, expected in ((bad, "SignatureDoesNotMatch"), (good, "ok")):
            headers["authorization"] = signature
            client.send(vector["method"], vector["query"], headers, body)
            self.assertEqual(cloud.calls()[-1]["signature"], expected)

    def test_own_signer_agrees_with_the_vectors(self):
        with open(os.path.join(HERE, "signature-vectors.json"), encoding="utf-8") as source:
            for vector in json.load(source)["vectors"]:
                self.assertEqual(
                    signer.authorization(vector["access_key_id"], vector["access_key_secret"],
                                         vector["method"], vector["path"], vector["query"],
                                         vector["headers"], vector["body"].encode()),
                    vector["authorization"], vector["name"])

    def test_refused(self):
        cloud = self.start()
        client = self.client(cloud)
        old = {"x-acs-date": "2026-01-02T03:04:05Z"}
        late = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=16)
        table = [
            ("wrong secret", "SignatureDoesNotMatch", {"secret": "wrong"}),
            ("old", "InvalidTimeStamp.Expired", {"change": old}),
            ("early", "InvalidTimeStamp.Expired",
             {"change": {"x-acs-date": late.strftime("%Y-%m-%dT%H:%M:%SZ")}}),
            ("date form", "InvalidTimeStamp.Format", {"change": {"x-acs-date": "yesterday"}}),
            ("no nonce", "MissingParameter", {"drop": ["x-acs-signature-nonce"]}),
            ("no hash", "MissingParameter", {"drop": ["x-acs-content-sha256"]}),
            ("hash of another body", "SignatureDoesNotMatch",
             {"change": {"x-acs-content-sha256": "0" * 64}}),
            ("header not signed", "IncompleteSignature", {"after": {"x-acs-extra": "1"}}),
            ("header changed", "SignatureDoesNotMatch",
             {"after": {"x-acs-action": "DescribeKeyPairs"}}),
            ("token without being temporary", "InvalidSecurityToken.MismatchWithAccessKey",
             {"change": {"x-acs-security-token": "CAIS"}}),
        ]
        for name, code, bend in table:
            with self.subTest(name):
                self.assertEqual(client.call("DescribeRegions", **bend).code, code)
        for header in ("Basic eA==", "ACS3-HMAC-SHA256 Credential=" + ID, ""):
            reply = client.call("DescribeRegions", after={"authorization": header})
            self.assertEqual(reply.code, "IncompleteSignature")

    def test_the_older_scheme(self):
        # The example of the official page on this scheme.
        self.assertEqual(signer.signature_v1("testsecret", "GET", {
            "Timestamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid",
            "Action": "DescribeRegions", "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "Version": "2014-05-26",
            "SignatureVersion": "1.0"}), "OLeaidS1JvxuMvnyHOwuJ+uX5qY=")
        cloud = self.start()
        client = self.client(cloud)
        self.assertEqual(client.call_v1("DescribeInstances", REGION).json["TotalCount"], 1)
        self.assertEqual(cloud.calls()[-1]["signature"], "ok")
        sts = self.client(cloud, STS_ID, STS_SECRET, STS_TOKEN)
        self.assertIn("Arn", sts.call_v1("GetCallerIdentity", {}, "sts").json)
        for code, how in (("SignatureDoesNotMatch", {"secret": "x"}),
                          ("InvalidTimeStamp.Expired", {"Timestamp": "2020-01-01T00:00:00Z"}),
                          ("IncompleteSignature", {"SignatureMethod": "HMAC-SHA256"}),
                          ("InvalidAccessKeyId.NotFound", {"AccessKeyId": "LTAInobody"})):
            with self.subTest(code):
                self.assertEqual(client.call_v1("DescribeRegions", {}, **how).code, code)

    def test_roles(self):
        role = {"acs:ram::1:role/r": {"oidc_token": "token", "trusts": [ID], "Credentials": {
            "AccessKeyId": STS_ID}}}
        client = self.client(self.start({"roles": role}))
        asked = {"RoleArn": "acs:ram::1:role/r", "RoleSessionName": "s"}
        reply = client.call("AssumeRole", asked, "sts").json
        self.assertEqual(reply["AssumedRoleUser"]["Arn"], "acs:ram::1:assumed-role/r/s")
        # As the STS SDK calls it: all in the query, and unsigned.
        oidc = {**asked, "OIDCToken": "token", "OIDCProviderArn": "x", "Version": "2015-04-01",
                "Action": "AssumeRoleWithOIDC", "Format": "json", "SignatureNonce": "1",
                "Timestamp": "2026-11-22T10:00:00Z"}
        status, _, body = client.send("POST", oidc, {"host": "x"})
        self.assertEqual((status, json.loads(body)["Credentials"]["AccessKeyId"]), (200, STS_ID))
        status, _, body = client.send("POST", {**oidc, "Action": "GetCallerIdentity"},
                                      {"host": "x"})
        self.assertEqual(json.loads(body)["Code"], "IncompleteSignature")

    def test_nonce_once(self):
        client = self.client(self.start())
        nonce = {"x-acs-signature-nonce": "n1"}
        self.assertEqual(client.call("DescribeRegions", change=nonce).code, "")
        self.assertEqual(client.call("DescribeRegions", change=nonce).code, "SignatureNonceUsed")

    def test_keys(self):
        cloud = self.start()
        table = [
            (("LTAInobody", "x", None), "InvalidAccessKeyId.NotFound"),
            (("LTAI5tLabInactive00001", "LabCanarySecretInactive000001x", None),
             "InvalidAccessKeyId.Inactive"),
            ((STS_ID, STS_SECRET, STS_TOKEN), ""),
            ((STS_ID, STS_SECRET, None), "MissingSecurityToken"),
            ((STS_ID, STS_SECRET, "CAISother"), "InvalidSecurityToken.Malformed"),
            (("STS.LabExpiredStsId00000001", "LabCanarySecretExpired0000001x",
              "CAISLabCanaryTokenExpired00000000000000000000000000000000001"),
             "InvalidSecurityToken.Expired"),
        ]
        for key, code in table:
            with self.subTest(key[0]):
                self.assertEqual(self.client(cloud, *key).call("DescribeRegions").code, code)

    def test_the_message_shows_the_string_to_sign(self):
        reply = self.client(self.start()).call("DescribeRegions", secret="wrong")
        self.assertIn("server string to sign is:ACS3-HMAC-SHA256\n", reply.json["Message"])


class Shapes(Lab):
    def test_error(self):
        reply = self.client(self.start()).call("DescribeInstances", {"RegionId": "xx-nowhere"})
        self.assertEqual((reply.status, reply.code), (404, "InvalidRegionId.NotFound"))
        self.assertEqual(set(reply.json),
                         {"RequestId", "HostId", "Code", "Message", "Recommend"})
        self.assertEqual(reply.headers["x-acs-request-id"], reply.json["RequestId"])
        self.assertRegex(reply.headers["Date"], r"^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$")

    def test_wrong_calls(self):
        client = self.client(self.start())
        table = [
            ("NoSuchAction", {}, "ecs", "InvalidAction.NotFound"),
            ("DescribeVSwitchAttributes", {}, "ecs", "InvalidAction.NotFound"),
            ("DescribeInstances", {}, "ecs", "MissingParameter"),
            ("DescribeInstances", {"RegionId": "CN_x"}, "ecs", "InvalidRegionId.Malformed"),
            ("DescribeInstances", dict(REGION, InstanceIDs="x"), "ecs", "InvalidParameter"),
            ("DescribeInstances", dict(REGION, InstanceIds="i-x"), "ecs", "InvalidParameter"),
            ("DescribeInstances", dict(REGION, PageSize="101"), "ecs", "InvalidParameter"),
            ("DescribeInstances", dict(REGION, MaxResults="9"), "ecs", "InvalidParameter"),
            ("DescribeSecurityGroupAttribute", dict(REGION, SecurityGroupId="sg-x"), "ecs",
             "InvalidSecurityGroupId.NotFound"),
            ("DescribeSecurityGroupAttribute",
             dict(REGION, SecurityGroupId=GROUP, NicType="vpc"), "ecs",
             "InvalidNicType.ValueNotSupported"),
            ("DescribeVSwitchAttributes", {"VSwitchId": "vsw-x"}, "vpc",
             "InvalidVSwitchId.NotFound"),
        ]
        for action, params, product, code in table:
            with self.subTest(action + str(params)):
                self.assertEqual(client.call(action, params, product).code, code)

    def test_xml_unless_asked_for_json(self):
        reply = self.client(self.start()).call("DescribeRegions", drop=["accept"])
        self.assertTrue(reply.body.startswith(b"<?xml"))

    def test_a_body_is_read_as_parameters(self):
        cloud = self.start()
        client = self.client(cloud)
        body = b"RegionId=cn-hangzhou&KeyPairName=lab-key"
        headers = client.headers("DescribeKeyPairs", body=body)
        headers["content-type"] = "application/x-www-form-urlencoded"
        headers["authorization"] = signer.authorization(ID, SECRET, "POST", "/", {}, headers, body)
        status, _, reply = client.send("POST", {}, headers, body)
        self.assertEqual((status, json.loads(reply)["TotalCount"]), (200, 1))


class Actions(Lab):
    def test_identity(self):
        reply = self.client(self.start()).call("GetCallerIdentity", product="sts")
        self.assertEqual(reply.json["Arn"], "acs:ram::1000000000000001:user/preflight")

    def test_regions(self):
        reply = self.client(self.start()).call("DescribeRegions").json
        self.assertIn("cn-hangzhou", [r["RegionId"] for r in reply["Regions"]["Region"]])

    def test_instances(self):
        client = self.client(self.start())
        table = [
            ({}, 1),
            ({"InstanceIds": json.dumps([world.INSTANCE])}, 1),
            ({"InstanceIds": json.dumps(["i-other", world.INSTANCE])}, 1),
            ({"InstanceIds": '["i-other"]'}, 0),
            ({"InstanceName": "web-*"}, 1),
            ({"InstanceName": "web"}, 0),
            ({"EipAddresses": '["127.0.0.1"]'}, 1),
            ({"PrivateIpAddresses": '["10.0.1.12"]'}, 0),
            ({"SecurityGroupId": GROUP, "Status": "Running"}, 1),
            ({"VpcId": "vpc-other"}, 0),
        ]
        for params, count in table:
            with self.subTest(str(params)):
                reply = client.call("DescribeInstances", {**REGION, **params}).json
                self.assertEqual(len(reply["Instances"]["Instance"]), count)
                self.assertEqual(reply["TotalCount"], count)
        self.assertEqual(client.call("DescribeInstances", {"RegionId": "cn-beijing"})
                         .json["Instances"]["Instance"], [])

    def test_ipv6_only_on_request(self):
        client = self.client(self.start())
        for extra, there in (({}, False),
                             ({"AdditionalAttributes.1": "NETWORK_PRIMARY_ENI_IP"}, True)):
            reply = client.call("DescribeInstances", {**REGION, **extra}).json
            card = reply["Instances"]["Instance"][0]["NetworkInterfaces"]["NetworkInterface"][0]
            self.assertEqual("Ipv6Sets" in card, there)

    def many_instances(self, count):
        base = world.build({}, PLACES)["regions"]["cn-hangzhou"]["Instances"][world.INSTANCE]
        many = {"i-many%02d" % n: dict(base, InstanceId="i-many%02d" % n) for n in range(count)}
        return {"regions": {"cn-hangzhou": {"Instances": {world.INSTANCE: None, **many}}}}

    def test_number_pages(self):
        client = self.client(self.start(self.many_instances(25)))
        seen = []
        for number in (1, 2, 3, 4):
            reply = client.call("DescribeInstances", dict(REGION, PageNumber=str(number))).json
            seen += [i["InstanceId"] for i in reply["Instances"]["Instance"]]
            self.assertEqual((reply["TotalCount"], reply["PageSize"]), (25, 10))
        self.assertEqual(seen, ["i-many%02d" % n for n in range(25)])

    def test_token_pages(self):
        client = self.client(self.start(self.many_instances(25)))
        seen, token, pages = [], "", 0
        while pages == 0 or token:
            params = dict(REGION, MaxResults="10", **({"NextToken": token} if token else {}))
            reply = client.call("DescribeInstances", params).json
            seen += [i["InstanceId"] for i in reply["Instances"]["Instance"]]
            token, pages = reply["NextToken"], pages + 1
        self.assertEqual((seen, pages), (["i-many%02d" % n for n in range(25)], 3))

    def test_a_token_is_for_the_same_parameters(self):
        client = self.client(self.start(self.many_instances(25)))
        first = client.call("DescribeInstances", dict(REGION, MaxResults="10")).json
        for params in ({"MaxResults": "20", "NextToken": first["NextToken"]},
                       {"MaxResults": "10", "NextToken": "AAAA"}):
            self.assertEqual(client.call("DescribeInstances", {**REGION, **params}).code,
                             "InvalidParameter.NextToken")

    def test_rules(self):
        client = self.client(self.start({"page_limit": 1}))
        table = [({"Direction": "ingress"}, 2), ({"Direction": "egress"}, 1), ({}, 3),
                 ({"Direction": "all", "NicType": "internet"}, 3)]
        for params, count in table:
            with self.subTest(str(params)):
                rules, token = [], None
                while token != "":
                    ask = dict(REGION, SecurityGroupId=GROUP, **params)
                    if token:
                        ask["NextToken"] = token
                    reply = client.call("DescribeSecurityGroupAttribute", ask).json
                    rules += reply["Permissions"]["Permission"]
                    token = reply["NextToken"]
                self.assertEqual(len(rules), count)
                self.assertEqual(set(rules[0]), set(world.RULE))
        self.assertNotIn("SecurityGroupType", reply)
        self.assertTrue(all(isinstance(rule["Priority"], str) for rule in rules))
        reply = client.call("DescribeSecurityGroupAttribute", dict(
            REGION, SecurityGroupId=GROUP, Attribute="snapshotPolicyIds")).json
        self.assertEqual(reply["SnapshotPolicyIds"], {"SnapshotPolicyId": []})
        groups = client.call("DescribeSecurityGroups",
                             dict(REGION, SecurityGroupIds=json.dumps([GROUP]))).json
        group = groups["SecurityGroups"]["SecurityGroup"][0]
        self.assertEqual(group["SecurityGroupType"], "normal")
        self.assertNotIn("Permissions", group)
        self.assertNotIn("RegionId", group)

    def test_classic_rules(self):
        group = {"VpcId": "", "Permissions": {"Permission": [
            {"NicType": "internet"}, {"NicType": "intranet"}, {"NicType": "intranet"}]}}
        client = self.client(self.start(
            {"regions": {"cn-hangzhou": {"SecurityGroups": {GROUP: group}}}}))
        for nic, count in ((None, 1), ("internet", 1), ("intranet", 2)):
            params = dict(REGION, SecurityGroupId=GROUP, **({"NicType": nic} if nic else {}))
            reply = client.call("DescribeSecurityGroupAttribute", params).json
            self.assertEqual(len(reply["Permissions"]["Permission"]), count)

    def test_key_pairs(self):
        client = self.client(self.start())
        table = [({"KeyPairName": "lab-key"}, 1), ({"KeyPairName": "lab-*"}, 2),
                 ({"KeyPairName": "none"}, 0), ({"KeyPairFingerPrint": "bb"}, 1)]
        for params, count in table:
            reply = client.call("DescribeKeyPairs", {**REGION, **params}).json
            self.assertEqual(reply["TotalCount"], count)
        for include, there in (("true", True), ("false", False)):
            reply = client.call("DescribeKeyPairs", dict(REGION, IncludePublicKey=include)).json
            self.assertEqual("PublicKey" in reply["KeyPairs"]["KeyPair"][0], there)

    def test_network(self):
        client = self.client(self.start())
        vsw = client.call("DescribeVSwitchAttributes",
                          {"VSwitchId": "vsw-bp1lab0000000000001"}, "vpc").json
        self.assertEqual(vsw["NetworkAclId"], "")
        acl = client.call("DescribeNetworkAclAttributes",
                          dict(REGION, NetworkAclId="nacl-bp1lab000000000001"), "vpc").json
        entry = acl["NetworkAclAttribute"]["IngressAclEntries"]["IngressAclEntry"][0]
        self.assertEqual((entry["Policy"], entry["Protocol"]), ("accept", "all"))
        routes = client.call("DescribeRouteEntryList", dict(
            REGION, RouteTableId="vtb-bp1lab0000000000001", MaxResult="10"), "vpc").json
        self.assertEqual({"RequestId", "RouteEntrys", "NextToken", "TotalCount"}, set(routes))


class Faults(Lab):
    def fault(self, do, **more):
        return self.start({"faults": [{"action": "DescribeRegions", "do": do, **more}]})

    def test_errors(self):
        table = [("throttle", 400, "Throttling.User"), ("500", 500, "InternalError"),
                 ("503", 503, "ServiceUnavailable"), ("forbidden", 403, "Forbidden.RAM")]
        for do, status, code in table:
            with self.subTest(do):
                reply = self.client(self.fault(do, ms=1500)).call("DescribeRegions")
                self.assertEqual((reply.status, reply.code), (status, code))
                if do == "throttle":
                    self.assertEqual(reply.headers["x-acs-retry-after"], "1500")
        reply = self.client(self.fault("forbidden", type="ExplicitDeny")).call("DescribeRegions")
        detail = reply.json["AccessDeniedDetail"]
        self.assertEqual((detail["NoPermissionType"], detail["AuthAction"]),
                         ("ExplicitDeny", "ecs:DescribeRegions"))
        reply = self.client(self.fault("error", status=403, code="Forbidden.RiskControl",
                                       message="no")).call("DescribeRegions")
        self.assertEqual((reply.status, reply.code), (403, "Forbidden.RiskControl"))

    def test_nth(self):
        client = self.client(self.fault("503", nth=2, until=3))
        self.assertEqual([client.call("DescribeRegions").status for _ in range(4)],
                         [200, 503, 503, 200])

    def test_spoiled_bodies(self):
        for do in ("truncated", "invalid", "deep", "empty"):
            with self.subTest(do):
                reply = self.client(self.fault(do)).call("DescribeRegions")
                self.assertEqual(reply.status, 200)
                with self.assertRaises((ValueError, RecursionError)):
                    json.loads(reply.body)
        reply = self.client(self.fault("502-html")).call("DescribeRegions")
        self.assertEqual((reply.status, reply.body[:6]), (502, b"<html>"))
        self.assertIsInstance(
            self.client(self.fault("wrong-shape")).call("DescribeRegions").json, dict)

    def test_connections(self):
        with self.assertRaises(ConnectionResetError):
            self.client(self.fault("reset")).call("DescribeRegions")
        with self.assertRaises(http.client.IncompleteRead):
            self.client(self.fault("cut")).call("DescribeRegions")
        with self.assertRaises(TimeoutError):
            self.client(self.fault("hang")).call("DescribeRegions", timeout=0.3)
        before = time.monotonic()
        self.client(self.fault("delay", ms=200)).call("DescribeRegions")
        self.assertGreaterEqual(time.monotonic() - before, 0.2)

    def test_huge(self):
        cloud = self.fault("huge")
        client = self.client(cloud)
        headers = client.headers("DescribeRegions")
        headers["authorization"] = signer.authorization(ID, SECRET, "POST", "/", {}, headers)
        connection = http.client.HTTPSConnection("127.0.0.1", cloud.port, timeout=100,
                                                 context=client.context)
        self.addCleanup(connection.close)
        connection.request("POST", "/", headers=headers)
        reply = connection.getresponse()
        self.assertEqual(len(reply.read(32 << 20)), 32 << 20)

    def test_clock(self):
        client = self.client(self.start({"clock_offset_s": 3600}))
        self.assertEqual(client.call("DescribeRegions").code, "InvalidTimeStamp.Expired")


class Process(Lab):
    def test_log(self):
        cloud = self.start()
        client = self.client(cloud)
        client.call("DescribeKeyPairs", dict(REGION, KeyPairName="lab-key"))
        client.call("DescribeRegions", secret="wrong")
        first, second = cloud.calls()
        self.assertEqual((first["action"], first["params"]["KeyPairName"], first["status"]),
                         ("DescribeKeyPairs", "lab-key", 200))
        self.assertEqual((first["connection"], second["connection"]), (1, 2))
        self.assertEqual(second["signature"], "SignatureDoesNotMatch")

    def test_ends_on_term_even_while_it_hangs(self):
        cloud = self.start({"faults": [{"action": "*", "do": "hang"}]})
        with self.assertRaises(TimeoutError):
            self.client(cloud).call("DescribeRegions", timeout=0.3)
        cloud.process.terminate()
        self.assertEqual(cloud.process.wait(10), 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-b"] + sys.argv[1:])
