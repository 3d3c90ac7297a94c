# SPDX-License-Identifier: Apache-2.0

output "role_arn" {
  description = "role_arn of this account's profile"
  value       = aws_iam_role.this.arn
}
