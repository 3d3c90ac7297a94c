/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An alarm as text that creates it: a CloudFormation template and Terraform.
 *
 * Both are whole: every dimension, the statistic whatever its kind (Statistic
 * for the five plain ones, ExtendedStatistic for percentiles and trimmed
 * means), missing data. An alarm on an anomaly band comes with its detector in
 * CloudFormation; in Terraform the band's expression makes CloudWatch train
 * one. A threshold that nobody knows becomes a parameter (CloudFormation) or a
 * variable (Terraform) without default: it has to be chosen, not guessed.
 * Actions are left to the reader.
 */
#ifndef TOOLS_ALARM_TEMPLATE_H
#define TOOLS_ALARM_TEMPLATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/json.h"

/* Longest name of a resource: CloudFormation's limit. */
#define ALARM_TEMPLATE_KEY_MAX ((size_t)255)

struct alarm_template {
	struct str namespace, metric_name;
	const struct json *dimensions; /* array of {name, value}, or of AWS's
	                        * {Name, Value}; NULL: none */
	struct str statistic;  /* as CloudWatch names it */
	struct str description;
	int64_t period_s;
	int64_t evaluation_n, datapoint_n;
	struct str comparison; /* ComparisonOperator */
	struct str missing_data; /* TreatMissingData */
	struct str threshold;  /* JSON number; absent: a parameter */
	struct str depends;    /* what the parameter depends on */
	struct str sensitivity; /* JSON number, width of the band; absent: a
	                        * static threshold */
	uint64_t number;       /* of the alarm on that metric; from 2 on it is
	                        * part of the names */
};

/* Appends the letters and digits of `text` (ASCII, and letters beyond it),
 * "Resource" before what does not begin with a letter, at most
 * ALARM_TEMPLATE_KEY_MAX bytes. */
void alarm_template_sanitise(struct buf *out, struct str text);
/* The name of the resources: namespace without "AWS/", metric, name and value
 * of the first dimension. At most ALARM_TEMPLATE_KEY_MAX bytes. */
void alarm_template_key(struct buf *out, struct str namespace,
    struct str metric_name, const struct json *dimensions);
/* The template as a JSON object. */
void alarm_template_cloudformation(struct json_writer *out,
    const struct alarm_template *t);
/* The same for Terraform's AWS provider. */
void alarm_template_terraform(struct buf *out,
    const struct alarm_template *t);

#endif
