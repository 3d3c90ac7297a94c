#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every check of iam_check.py can fail: each spoiled copy is found out."""
import os
import shutil
import sys
import tempfile

import iam_check

I = iam_check.HERE
# (file, what stands there, what is put there, the check that has to see it)
SPOILED = [
    ("src/aws/operation.c", 'LOGS("StartLiveTail"', 'LOGS("StopLiveTail"',
     "table_agrees_with_operations"),
    (f"{I}/actions.tsv", "\tlogs:GetLogRecord", "\tlogs:GetLogRecords",
     "table_agrees_with_operations"),
    ("src/aws/fault.c", 'S("cloudwatch:ListMetrics")', 'S("cloudwatch:Query")',
     "table_agrees_with_error_sentences"),
    (f"{I}/actions.tsv", "\tlive_tail", "\tlive_tails",
     "table_agrees_with_tools"),
    (f"{I}/actions.tsv", "\tlive_tail", "\t", "table_agrees_with_tools"),
    (f"{I}/read-only.json", '"logs:FilterLogEvents",\n        ', "",
     "policies_agree_with_table"),
    (f"{I}/read-only.json", '"logs:StopQuery"', '"logs:Unmask"',
     "policies_agree_with_table"),
    (f"{I}/read-only.json", '"cloudwatch:DescribeAlarms"',
     '"cloudwatch:Describe*"', "documents_are_iam_grammar"),
    (f"{I}/read-only.json", '"Sid": "Metrics"', '"Sid": "Logs"',
     "documents_are_iam_grammar"),
    (f"{I}/read-only.json", "2012-10-17", "2012-10-18",
     "documents_are_iam_grammar"),
    (f"{I}/trust-irsa.json", ":observability:", ":*:",
     "documents_are_iam_grammar"),
    (f"{I}/read-only-cross-account.json", "::444455556666:role", "::4*:role",
     "policies_agree_with_table"),
    (f"{I}/trust-irsa-any-namespace.json", '"sts.amazonaws.com"', '"x"',
     "trusts_name_who_and_for_what"),
    (f"{I}/trust-user-oidc.json", "us-east-1_EXAMPLE:aud", "other:aud",
     "trusts_name_who_and_for_what"),
    (f"{I}/trust-pod-identity.json", '"sts:TagSession"', '"sts:TagRole"',
     "trusts_name_who_and_for_what"),
    (f"{I}/{iam_check.TEMPLATE}", '"Ref": "RoleName"', '"Ref": "Name"',
     "template_makes_the_role"),
    (f"{I}/{iam_check.TEMPLATE}", '"logs:StopQuery"', '"logs:DeleteLogGroup"',
     "template_makes_the_role"),
]


def found_out(file, old, new, check):
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree("deploy", os.path.join(root, "deploy"))
        shutil.copytree("src", os.path.join(root, "src"))
        path = os.path.join(root, file)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        assert old in text, f"{file} does not hold {old}"
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))
        return any(s.startswith(check) for s in iam_check.failures(root))


missed = [s for s in SPOILED if not found_out(*s)]
for one in missed:
    print("FAIL not found out:", *one)
print(f"{len(SPOILED) - len(missed)} passed, {len(missed)} failed")
sys.exit(1 if missed else 0)
