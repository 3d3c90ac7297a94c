/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table and the words of dimension values.
 *
 * In a pattern {Name} is a dimension's value, and of an ARN or of a load
 * balancer's "app/name/id" the part that is its name. '*' at the end allows any
 * more.
 */
#include "tools/log_places.h"

#include "base/buf.h"

/* A name of a log group has at most 512 bytes. */
#define NAME_MAX 512
/* Shorter words are found everywhere. */
#define WORD_MIN 4

/* Namespace, blank, pattern. */
static const char table[] =
    "AWS/Lambda /aws/lambda/{FunctionName}\n"
    "LambdaInsights /aws/lambda/{function_name}\n"
    "AWS/RDS /aws/rds/instance/{DBInstanceIdentifier}/*\n"
    "AWS/RDS /aws/rds/cluster/{DBClusterIdentifier}/*\n"
    "AWS/DocDB /aws/docdb/{DBClusterIdentifier}/*\n"
    "AWS/Neptune /aws/neptune/{DBClusterIdentifier}/*\n"
    "AWS/Redshift /aws/redshift/cluster/{ClusterIdentifier}/*\n"
    "AWS/ECS /ecs/{ClusterName}/{ServiceName}*\n"
    "AWS/ECS /aws/ecs/{ClusterName}/{ServiceName}*\n"
    "AWS/ECS /ecs/{ServiceName}*\n"
    "AWS/ECS /aws/ecs/containerinsights/{ClusterName}/performance\n"
    "ECS/ContainerInsights /ecs/{ClusterName}/{ServiceName}*\n"
    "ECS/ContainerInsights /ecs/{TaskDefinitionFamily}*\n"
    "ECS/ContainerInsights "
    "/aws/ecs/containerinsights/{ClusterName}/performance\n"
    "ContainerInsights /aws/containerinsights/{ClusterName}/application\n"
    "ContainerInsights /aws/containerinsights/{ClusterName}/host\n"
    "ContainerInsights /aws/containerinsights/{ClusterName}/dataplane\n"
    "ContainerInsights /aws/containerinsights/{ClusterName}/performance\n"
    "ContainerInsights /aws/eks/{ClusterName}/cluster\n"
    "AWS/EKS /aws/eks/{ClusterName}/cluster\n"
    "AWS/ApiGateway API-Gateway-Execution-Logs_{ApiId}/{Stage}\n"
    "AWS/ApiGateway /aws/apigateway/{ApiName}*\n"
    "AWS/ApiGateway /aws/apigateway/{ApiId}*\n"
    "AWS/AppSync /aws/appsync/apis/{GraphQLAPIId}\n"
    "AWS/States /aws/vendedlogs/states/{StateMachineArn}*\n"
    "AWS/States /aws/states/{StateMachineArn}*\n"
    "AWS/CodeBuild /aws/codebuild/{ProjectName}\n"
    "CloudWatchSynthetics /aws/lambda/cwsyn-{CanaryName}-*\n"
    "AWS/ElastiCache /aws/elasticache/{CacheClusterId}*\n"
    "AWS/ES /aws/OpenSearchService/domains/{DomainName}/*\n"
    "AWS/ES /aws/aes/domains/{DomainName}/*\n"
    "AWS/SageMaker /aws/sagemaker/Endpoints/{EndpointName}\n"
    "AWS/DMS dms-tasks-{ReplicationInstanceIdentifier}\n"
    "AWS/AmazonMQ /aws/amazonmq/broker/{Broker}/*\n"
    "AmazonMWAA airflow-{Environment}-*\n"
    "AWS/Transfer /aws/transfer/{ServerId}\n"
    "AWS/ElasticBeanstalk /aws/elasticbeanstalk/{EnvironmentName}/*\n"
    "AWS/AppRunner /aws/apprunner/{ServiceName}/*\n"
    "AWS/WAFV2 aws-waf-logs-{WebACL}*\n"
    "AWS/Logs {LogGroupName}\n";

struct places {
	struct log_place *list;
	size_t n, max;
};

static void
add(struct places *p, enum log_place_kind kind, struct str text,
    struct str dimension)
{
	for (size_t i = 0; i < p->n; i++) {
		if (str_eq(p->list[i].text, text)) {
			return;
		}
	}
	if (p->n < p->max && text.len > 0) {
		p->list[p->n++] = (struct log_place){ kind, text, dimension };
	}
}

/* The name in an ARN, or in "targetgroup/name/id" and "app/name/id". */
static struct str
name_in(struct str value)
{
	struct str rest = value, part = S("");

	if (str_starts(value, S("arn:"))) {
		while (rest.p != NULL) {
			part = str_cut(&rest, ':');
		}
		return part;
	}
	if (str_starts(value, S("targetgroup/")) ||
	    str_starts(value, S("app/")) || str_starts(value, S("net/"))) {
		(void)str_cut(&rest, '/');
		return str_cut(&rest, '/');
	}
	return value;
}

static struct str
value_of(const struct json *dimensions, struct str name)
{
	const struct json *d = json_at(dimensions, 0);

	while (d != NULL && !str_eq(json_get_str(d, S("Name"), S("")), name)) {
		d = d->next;
	}
	return name_in(json_get_str(d, S("Value"), S("")));
}

/* Fills a pattern in; false when a dimension of it is not there. */
static bool
fill(struct buf *out, struct str pattern, const struct json *dimensions,
    struct str *dimension)
{
	while (pattern.len > 0) {
		size_t at = str_find_byte(pattern, '{', 0);
		size_t end = str_find_byte(pattern, '}', at);
		struct str name = str_sub(pattern, at + 1, end), value;

		buf_add(out, str_sub(pattern, 0, at));
		if (at == pattern.len) {
			break;
		}
		value = value_of(dimensions, name);
		if (value.len == 0) {
			return false;
		}
		buf_add(out, value);
		*dimension = name;
		pattern = str_sub(pattern, end + 1, pattern.len);
	}
	return buf_ok(out);
}

/* Whether all of it is hexadecimal: an identifier, no name. */
static bool
hex(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = str_lower_byte(s.p[i]);

		if (!str_is_digit(c) && (c < 'a' || c > 'f')) {
			return false;
		}
	}
	return true;
}

/* see log_places.h */
size_t
log_places(struct arena *a, struct str namespace,
    const struct json *dimensions, struct log_place *out, size_t max)
{
	struct str left = str_of(table, sizeof(table) - 1);
	struct places p = { out, 0, max };
	const struct json *d = json_at(dimensions, 0);

	while (left.len > 0) {
		struct str pattern = str_cut(&left, '\n');
		bool here = str_eq(str_cut(&pattern, ' '), namespace);
		bool any = str_ends(pattern, S("*"));
		struct buf b = buf_in(a, NAME_MAX);
		struct str dimension = STR_NONE;

		if (here && fill(&b, str_sub(pattern, 0, pattern.len - any),
		    dimensions, &dimension)) {
			add(&p, any ? LOG_PLACE_PREFIX : LOG_PLACE_EXACT,
			    buf_str(&b), dimension);
		}
	}
	/* Custom metrics are often named after what sends them. */
	if (!str_starts(namespace, S("AWS/"))) {
		struct str rest = namespace;

		while (rest.p != NULL && d != NULL) {
			struct str word = str_cut(&rest, '/');

			if (word.len >= WORD_MIN && !str_eq(namespace,
			    S("ContainerInsights")) && !str_eq(namespace,
			    S("ECS/ContainerInsights"))) {
				add(&p, LOG_PLACE_SEGMENT, word, STR_NONE);
			}
		}
	}
	for (; d != NULL; d = d->next) {
		struct str word = name_in(json_get_str(d, S("Value"), S("")));

		if (word.len >= WORD_MIN && word.len <= 100 && !hex(word) &&
		    str_find_byte(word, '/', 0) == word.len) {
			add(&p, LOG_PLACE_SEGMENT, word,
			    json_get_str(d, S("Name"), STR_NONE));
		}
	}
	return p.n;
}

/* see log_places.h */
bool
log_places_match(const struct log_place *place, struct str name)
{
	struct str rest = name;

	switch (place->kind) {
	case LOG_PLACE_EXACT:
		return str_eq(name, place->text);
	case LOG_PLACE_PREFIX:
		return str_starts(name, place->text);
	case LOG_PLACE_SEGMENT:
		while (rest.p != NULL) {
			if (str_ieq(str_cut(&rest, '/'), place->text)) {
				return true;
			}
		}
		break;
	}
	return false;
}
