/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an AWS service is reached: region -> partition -> host, with FIPS and
 * dual-stack forms, and the settings that replace it all.
 *
 * One table of partitions and one of services (endpoint.c); no network. The
 * order for a URL: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the
 * [services] section that the profile names, the profile's endpoint_url.
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true (or the profile's key) skips all
 * four. AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and
 * AWS_STS_REGIONAL_ENDPOINTS count before the profile's keys of that name.
 *
 * The order for a region: argument of the tool, --region or AWS_REGION,
 * AWS_DEFAULT_REGION, the profile's region, the instance's own, us-east-1. The
 * region of a profile from the list of accounts comes right behind the
 * argument: AWS_REGION is where the server runs, put there by its platform.
 *
 * AWS SDKs and Tools Reference Guide: "Service-specific endpoints", "AWS
 * Region", "Dual-stack and FIPS endpoints".
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/profile.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"

#define ENDPOINT_REGION_MAX_N 32 /* more than any partition has */

/* The services this program talks to; rows of the table in endpoint.c. */
enum endpoint_service {
	ENDPOINT_CLOUDWATCH, /* monitoring */
	ENDPOINT_LOGS,
	ENDPOINT_LOGS_STREAM, /* the same API, for answers without an end;
	                       * a configured URL is the one of logs */
	ENDPOINT_STS,
	ENDPOINT_SSO_OIDC,   /* oidc.<region> */
	ENDPOINT_SSO,        /* portal.sso.<region> */
	ENDPOINT_SIGNIN,     /* <region>.signin, for `aws login` */
	ENDPOINT_N
};

/* What a request needs to know. Slices live in the arena or as constants. */
struct endpoint {
	bool tls;
	struct str host;           /* name or address, without port */
	uint16_t port;
	struct str host_header;    /* value of Host: with the port unless it is
	                            * the scheme's */
	struct str path;           /* encoded; "/" or the path of a configured
	                            * URL, without a final slash */
	struct str signing_region;
	struct str signing_name;   /* "monitoring", "logs", "sts"; SSO calls are
	                            * not signed */
	bool configured;           /* from a URL setting */
};

/* A host label: letters, digits and inner hyphens, at most 63 bytes. Anything
 * else in a region could send signed requests to another host. */
bool endpoint_region_ok(struct str region) MUST_USE;
/* "aws", "aws-cn", "aws-us-gov", ...; "aws" for regions nobody knows yet. */
struct str endpoint_partition(struct str region);
/* The regions of the partition of `like` that an account has without asking
 * for them, sorted. Returns how many. */
size_t endpoint_regions(struct str like,
    struct str out[static ENDPOINT_REGION_MAX_N]);
/* The name a service has for people: "CloudWatch", "CloudWatch Logs". */
struct str endpoint_title(enum endpoint_service service);

/* The effective region. arg, setting and instance may be absent; an empty one
 * counts as absent. ERR_REGION names the bad value and where it came from. */
enum err endpoint_region(const struct sys *sys, const struct profile_set *set,
    struct str profile, struct str arg, struct str setting,
    struct str instance, struct str *out, struct fail *f) MUST_USE;

/* Where `service` of `region` is. profile may be absent (then "default"
 * applies). ERR_CONFIG: a URL or switch does not parse, or the named services
 * section does not exist; ERR_REGION, ERR_NOMEM. */
enum err endpoint_resolve(const struct sys *sys,
    const struct profile_set *set, struct str profile,
    enum endpoint_service service, struct str region, struct arena *a,
    struct endpoint *out, struct fail *f) MUST_USE;

/* What of the environment can be judged at start: the region of the settings
 * (may be absent) and the URLs of endpoints. ERR_REGION, ERR_CONFIG. */
enum err endpoint_check(const struct sys *sys, struct str region,
    struct fail *f) MUST_USE;

/* The host is one of STS in the partition of the region: regional, FIPS, dual
 * stack, or sts.amazonaws.com for "aws". Any region that is called as AWS calls
 * them counts, so that new ones do. */
bool endpoint_is_sts(struct str region, struct str host) MUST_USE;

/* Appends "https://host[:port][/path]": what aws/sts takes. */
void endpoint_add_url(struct buf *b, const struct endpoint *e);

/* A setting of the environment, else the profile's key, else absent; empty
 * counts as absent. *from becomes the name that gave it. */
struct str endpoint_setting(const struct sys *sys,
    const struct profile_set *set, struct str profile, struct str variable,
    struct str key, struct str *from);

#endif
