/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in the rule of a composite alarm.
 *
 *	rule  = condition with AND, OR, NOT and parentheses
 *	condition = state "(" name ")" / TRUE / FALSE /
 *	            AT_LEAST "(" count "," state ","
 *	            "(" name *("," name) ")" ")"
 *	state = ALARM / OK / INSUFFICIENT_DATA, also after "NOT"
 *	name  = DQUOTE text DQUOTE / bare text up to the parenthesis; an alarm
 *	        ARN stands for the name behind ":alarm:"
 */
#ifndef TOOLS_RULE_H
#define TOOLS_RULE_H

#include <stddef.h>

#include "base/str.h"

/* A composite alarm may have 100 children (CloudWatch quota), which is also
 * what one DescribeAlarms call takes. */
#define RULE_NAME_MAX 100

/* Writes the alarm names of the rule, each once, in order of appearance, and
 * returns how many; slices of `rule`. Text that is no rule gives few or none,
 * never an error. */
size_t rule_names(struct str rule, struct str *names, size_t name_max);

#endif
