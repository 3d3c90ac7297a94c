# SPDX-License-Identifier: Apache-2.0

variable "trusted_role_arn" {
  description = "ARN of the role that the server itself runs as, in its own account"
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.trusted_role_arn))
    error_message = "trusted_role_arn must be the ARN of an IAM role."
  }
}

variable "external_id" {
  description = "external_id that the server's profile names; empty for none"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^[A-Za-z0-9+=,.@:/-]{2,1224}$", var.external_id))
    error_message = "external_id must be empty, or 2 to 1224 letters, digits or +=,.@:/-."
  }
}

variable "role_name" {
  description = "Name of the role, the same in every account"
  type        = string
  default     = "cloudwatch-mcp"
}

variable "policy_file" {
  description = "Which of the permissions policies in the folder above"
  type        = string
  default     = "read-only.json"
}

variable "tags" {
  description = "Tags of the role"
  type        = map(string)
  default     = {}
}
