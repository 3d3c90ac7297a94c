# SPDX-License-Identifier: Apache-2.0
#
# A role that cloudwatch-mcp assumes from another account to read CloudWatch
# in this one. Use it once an account:
#
#   module "cloudwatch_mcp" {
#     source           = "./deploy/iam/terraform"
#     trusted_role_arn = "arn:aws:iam::111122223333:role/cloudwatch-mcp"
#     external_id      = "cloudwatch-mcp-example"
#   }

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "TheServersRole"
    effect  = "Allow"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_role_arn]
    }

    dynamic "condition" {
      for_each = var.external_id == "" ? [] : [var.external_id]
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.role_name
  description          = "Read by cloudwatch-mcp from another account"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "read_only" {
  name   = "cloudwatch-mcp-read-only"
  role   = aws_iam_role.this.id
  policy = file("${path.module}/../${var.policy_file}")
}
