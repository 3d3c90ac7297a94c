/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metric table as MCP resources, pages of Markdown for people and models:
 *
 *	cloudwatch://metrics                        the namespaces
 *	cloudwatch://metrics/{namespace}            metrics of one
 *	cloudwatch://metrics/{namespace}/{metric}   all about one metric
 *
 * Values are percent-encoded (AWS%2FEC2) or stand as they are (AWS/EC2). Both
 * variables complete; the metric needs the namespace in its context.
 */
#ifndef TOOLS_METRIC_RESOURCE_H
#define TOOLS_METRIC_RESOURCE_H

#include <stddef.h>

#include "mcp/resource.h"

extern const struct resource metric_resource_fixed[];
extern const size_t metric_resource_fixed_n;
extern const struct resource_template metric_resource_templates[];
extern const size_t metric_resource_template_n;

#endif
