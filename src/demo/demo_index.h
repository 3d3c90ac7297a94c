/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field indexes of the demo account, and the fields that its log groups have.
 *
 * One policy of the account indexes "service" in the groups of the shop, one
 * of the checkout's own group indexes "orderId". Fields are found by reading
 * the group's last 15 minutes, as the service does.
 */
#ifndef DEMO_DEMO_INDEX_H
#define DEMO_DEMO_INDEX_H

#include "demo/demo_answer.h"

demo_answer_fn demo_index_policies; /* DescribeIndexPolicies */
demo_answer_fn demo_index_account;  /* DescribeAccountPolicies */
demo_answer_fn demo_index_list;     /* DescribeFieldIndexes */
demo_answer_fn demo_index_fields;   /* GetLogGroupFields */

#endif
