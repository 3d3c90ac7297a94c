/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contributor Insights of the demo account: rules of rules.def counted over
 * the journal. Rules count events; there are no rules that add up a field, and
 * at most 64 contributors are told apart.
 */
#ifndef DEMO_DEMO_RULES_H
#define DEMO_DEMO_RULES_H

#include "demo/demo_answer.h"

demo_answer_fn demo_rules_describe; /* DescribeInsightRules */
demo_answer_fn demo_rules_report;   /* GetInsightRuleReport */

#endif
