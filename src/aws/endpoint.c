/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints: two tables and the rules around them.
 */
#include "aws/endpoint.h"

#include "base/limits.h"
#include "base/must.h"
#include "proto/url.h"

/* One partition. The first prefix that fits counts, so longer ones come
 * first; the last row fits everything. */
struct partition {
	struct str prefix;
	struct str name;
	struct str suffix;      /* behind "<service>.<region>." */
	struct str dual_suffix;
	bool plain_fips;        /* the plain host is the FIPS one */
};

static const struct partition partitions[] = {
	{ STR_INIT("us-gov-"), STR_INIT("aws-us-gov"),
	    STR_INIT("amazonaws.com"), STR_INIT("api.aws"), true },
	{ STR_INIT("us-iso-"), STR_INIT("aws-iso"),
	    STR_INIT("c2s.ic.gov"), STR_INIT("api.aws.ic.gov"), false },
	{ STR_INIT("us-isob-"), STR_INIT("aws-iso-b"),
	    STR_INIT("sc2s.sgov.gov"), STR_INIT("api.aws.scloud"), false },
	{ STR_INIT("us-isof-"), STR_INIT("aws-iso-f"),
	    STR_INIT("csp.hci.ic.gov"), STR_INIT("api.aws.hci.ic.gov"),
	    false },
	{ STR_INIT("eu-isoe-"), STR_INIT("aws-iso-e"),
	    STR_INIT("cloud.adc-e.uk"), STR_INIT("api.cloud-aws.adc-e.uk"),
	    false },
	{ STR_INIT("eusc-"), STR_INIT("aws-eusc"),
	    STR_INIT("amazonaws.eu"), STR_INIT("api.amazonwebservices.eu"),
	    false },
	{ STR_INIT("cn-"), STR_INIT("aws-cn"),
	    STR_INIT("amazonaws.com.cn"),
	    STR_INIT("api.amazonwebservices.com.cn"), false },
	{ STR_INIT(""), STR_INIT("aws"),
	    STR_INIT("amazonaws.com"), STR_INIT("api.aws"), false }
};

/* One service. */
struct service {
	struct str title;    /* for people */
	struct str host;     /* first part of the host name */
	struct str fips;     /* the same for FIPS */
	struct str signing;
	struct str variable; /* AWS_ENDPOINT_URL_<SERVICE> */
	struct str key;      /* in a [services x] section */
};

static const struct service services[ENDPOINT_N] = {
	[ENDPOINT_CLOUDWATCH] = { STR_INIT("CloudWatch"),
	    STR_INIT("monitoring"), STR_INIT("monitoring-fips"),
	    STR_INIT("monitoring"), STR_INIT("AWS_ENDPOINT_URL_CLOUDWATCH"),
	    STR_INIT("cloudwatch") },
	[ENDPOINT_LOGS] = { STR_INIT("CloudWatch Logs"),
	    STR_INIT("logs"), STR_INIT("logs-fips"), STR_INIT("logs"),
	    STR_INIT("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
	    STR_INIT("cloudwatch_logs") },
	[ENDPOINT_LOGS_STREAM] = { STR_INIT("CloudWatch Logs"),
	    STR_INIT("stream-logs"), STR_INIT("stream-logs-fips"),
	    STR_INIT("logs"), STR_INIT("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
	    STR_INIT("cloudwatch_logs") },
	[ENDPOINT_STS] = { STR_INIT("STS"),
	    STR_INIT("sts"), STR_INIT("sts-fips"), STR_INIT("sts"),
	    STR_INIT("AWS_ENDPOINT_URL_STS"), STR_INIT("sts") },
	[ENDPOINT_SSO_OIDC] = { STR_INIT("SSO OIDC"),
	    STR_INIT("oidc"), STR_INIT("oidc-fips"), STR_INIT("sso-oauth"),
	    STR_INIT("AWS_ENDPOINT_URL_SSO_OIDC"), STR_INIT("sso_oidc") },
	[ENDPOINT_SSO] = { STR_INIT("SSO"),
	    STR_INIT("portal.sso"), STR_INIT("portal.sso-fips"),
	    STR_INIT("awsssoportal"), STR_INIT("AWS_ENDPOINT_URL_SSO"),
	    STR_INIT("sso") },
	[ENDPOINT_SIGNIN] = { STR_INIT("sign-in"),
	    STR_INIT("signin"), STR_INIT("signin"), STR_INIT("signin"),
	    STR_INIT("AWS_ENDPOINT_URL_SIGNIN"), STR_INIT("signin") }
};

/* The sign-in service lives with the consoles, whose domains are others. */
static const struct {
	struct str partition;
	struct str suffix;
} signin_hosts[] = {
	{ STR_INIT("aws"), STR_INIT("aws.amazon.com") },
	{ STR_INIT("aws-us-gov"), STR_INIT("amazonaws-us-gov.com") },
	{ STR_INIT("aws-cn"), STR_INIT("amazonaws.cn") }
};

/* Regions that AWS_STS_REGIONAL_ENDPOINTS=legacy sends to the global host. */
static const struct str legacy_sts[] = {
	STR_INIT("ap-northeast-1"), STR_INIT("ap-south-1"),
	STR_INIT("ap-southeast-1"), STR_INIT("ap-southeast-2"),
	STR_INIT("aws-global"), STR_INIT("ca-central-1"),
	STR_INIT("eu-central-1"), STR_INIT("eu-north-1"),
	STR_INIT("eu-west-1"), STR_INIT("eu-west-2"), STR_INIT("eu-west-3"),
	STR_INIT("sa-east-1"), STR_INIT("us-east-1"), STR_INIT("us-east-2"),
	STR_INIT("us-west-1"), STR_INIT("us-west-2")
};

static const struct partition *
partition_of(struct str region)
{
	const struct partition *p = partitions;

	while (!str_starts(region, p->prefix)) {
		p++; /* ends: the last prefix is empty */
	}
	return p;
}

/* see endpoint.h */
bool
endpoint_region_ok(struct str region)
{
	if (region.len == 0 || region.len > AWS_REGION_MAX ||
	    region.p[0] == '-' || region.p[region.len - 1] == '-') {
		return false;
	}
	for (size_t i = 0; i < region.len; i++) {
		if (!str_is_alnum(region.p[i]) && region.p[i] != '-') {
			return false;
		}
	}
	return true;
}

/* see endpoint.h */
size_t
endpoint_regions(struct str like, struct str out[static ENDPOINT_REGION_MAX_N])
{
	/* AWS General Reference, "AWS Regions": those without opt-in. */
	static const struct str all[] = {
		STR_INIT("ap-northeast-1"), STR_INIT("ap-northeast-2"),
		STR_INIT("ap-northeast-3"), STR_INIT("ap-south-1"),
		STR_INIT("ap-southeast-1"), STR_INIT("ap-southeast-2"),
		STR_INIT("ca-central-1"), STR_INIT("cn-north-1"),
		STR_INIT("cn-northwest-1"), STR_INIT("eu-central-1"),
		STR_INIT("eu-isoe-west-1"), STR_INIT("eu-north-1"),
		STR_INIT("eu-west-1"), STR_INIT("eu-west-2"),
		STR_INIT("eu-west-3"), STR_INIT("eusc-de-east-1"),
		STR_INIT("sa-east-1"), STR_INIT("us-east-1"),
		STR_INIT("us-east-2"), STR_INIT("us-gov-east-1"),
		STR_INIT("us-gov-west-1"), STR_INIT("us-iso-east-1"),
		STR_INIT("us-iso-west-1"), STR_INIT("us-isob-east-1"),
		STR_INIT("us-isof-east-1"), STR_INIT("us-isof-south-1"),
		STR_INIT("us-west-1"), STR_INIT("us-west-2")
	};
	const struct partition *p = partition_of(like);
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (partition_of(all[i]) == p) {
			out[n++] = all[i];
		}
	}
	return n;
}

/* see endpoint.h */
struct str
endpoint_partition(struct str region)
{
	return partition_of(region)->name;
}

/* see endpoint.h */
struct str
endpoint_title(enum endpoint_service service)
{
	MUST((unsigned)service < ENDPOINT_N);
	return services[service].title;
}

static struct str
profile_or_default(struct str profile)
{
	return profile.len > 0 ? profile : S("default");
}

/* see endpoint.h */
struct str
endpoint_setting(const struct sys *sys, const struct profile_set *set,
    struct str profile, struct str variable, struct str key, struct str *from)
{
	struct str v = sys->env(sys->ctx, variable);

	*from = variable;
	if (v.len > 0 || key.p == NULL) {
		return v.len > 0 ? v : STR_NONE;
	}
	*from = key;
	v = profile_get(set, profile_or_default(profile), key);
	return v.len > 0 ? v : STR_NONE;
}

/* A switch of the environment or the profile; absent is false. */
static enum err
switch_of(const struct sys *sys, const struct profile_set *set,
    struct str profile, struct str variable, struct str key, bool *on,
    struct fail *f)
{
	struct str from;
	struct str v = endpoint_setting(sys, set, profile, variable, key,
	    &from);

	*on = str_ieq(v, S("true"));
	if (v.p == NULL || *on || str_ieq(v, S("false"))) {
		return ERR_OK;
	}
	return fail_setf(f, ERR_CONFIG, "%s is \"%s\"; it has to be true or "
	    "false", from, v);
}

/* see endpoint.h */
enum err
endpoint_region(const struct sys *sys, const struct profile_set *set,
    struct str profile, struct str arg, struct str setting,
    struct str instance, struct str *out, struct fail *f)
{
	struct str own = profile_get(set, profile_or_default(profile),
	    S("region"));
	bool account = profile_is_account(set, profile_or_default(profile));
	const struct { struct str value, from; } places[] = {
		{ arg, S("the argument region") },
		{ account ? own : STR_NONE, S("the list of accounts") },
		{ setting, S("--region or AWS_REGION") },
		{ sys->env(sys->ctx, S("AWS_DEFAULT_REGION")),
		    S("AWS_DEFAULT_REGION") },
		{ own, S("the profile's region") },
		{ instance, S("the instance metadata service") },
		{ S("us-east-1"), S("the default") }
	};
	size_t i = 0;

	while (places[i].value.len == 0) {
		i++; /* ends: the last place is never empty */
	}
	if (!endpoint_region_ok(places[i].value)) {
		return fail_setf(f, ERR_REGION, "\"%s\" (from %s) is not a "
		    "region name; one looks like us-east-1 or eu-central-1",
		    places[i].value, places[i].from);
	}
	*out = places[i].value;
	return ERR_OK;
}

/* The [services x] section that the profile names has this URL, or none. */
static enum err
services_url(const struct profile_set *set, struct str profile,
    const struct service *s, struct str *url, struct fail *f)
{
	struct str name = profile_get(set, profile, S("services"));
	bool exists = false;

	if (name.len == 0) {
		return ERR_OK;
	}
	for (const struct ini_entry *e = set->config.ini.first; e != NULL;
	    e = e->next) {
		struct str found;

		exists = exists || (ini_section(e->section, S("services"),
		    &found) && str_eq(found, name));
	}
	if (!exists) {
		return fail_setf(f, ERR_CONFIG, "profile '%s' says services = "
		    "%s, but %s has no [services %s]", profile, name,
		    set->config.path, name);
	}
	*url = profile_section(set, S("services"), name, s->key,
	    S("endpoint_url"));
	return ERR_OK;
}

/* The configured URL of a service, or absent. */
static enum err
configured_url(const struct sys *sys, const struct profile_set *set,
    struct str profile, const struct service *s, struct str *url,
    struct str *from, struct fail *f)
{
	bool ignore;
	enum err err = switch_of(sys, set, profile,
	    S("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
	    S("ignore_configured_endpoint_urls"), &ignore, f);

	*url = STR_NONE;
	if (err != ERR_OK || ignore) {
		return err;
	}
	*url = endpoint_setting(sys, set, profile, s->variable, STR_NONE,
	    from);
	if (url->p == NULL) {
		*url = endpoint_setting(sys, set, profile,
		    S("AWS_ENDPOINT_URL"), STR_NONE, from);
	}
	if (url->p == NULL) {
		*from = S("endpoint_url in the services section");
		err = services_url(set, profile, s, url, f);
	}
	if (err == ERR_OK && url->len == 0) {
		*from = S("the profile's endpoint_url");
		*url = profile_get(set, profile, S("endpoint_url"));
	}
	return err;
}

/* Reads a URL setting. */
static enum err
read_url(struct str text, struct str from, struct url *u, struct fail *f)
{
	if (url_parse(text, u, NULL) != ERR_OK || u->userinfo.p != NULL ||
	    u->query.p != NULL) {
		return fail_setf(f, ERR_CONFIG, "%s is \"%s\", which is not a "
		    "usable URL; one looks like https://host:8443/path", from,
		    text);
	}
	return ERR_OK;
}

/* Takes an endpoint from a URL. */
static enum err
from_url(struct str text, struct str from, struct arena *a,
    struct endpoint *out, struct fail *f)
{
	struct buf b = buf_in(a, 300); /* a host name and a port fit */
	struct url u;
	enum err err = read_url(text, from, &u, f);

	if (err != ERR_OK) {
		return err;
	}
	url_add_host(&b, &u);
	out->tls = u.tls;
	out->host = u.host;
	out->port = u.port;
	out->host_header = buf_str(&b);
	out->path = u.path;
	while (out->path.len > 1 && out->path.p[out->path.len - 1] == '/') {
		out->path.len--;
	}
	out->configured = true;
	return buf_ok(&b) ? ERR_OK : fail_set(f, ERR_NOMEM, 0, STR_NONE);
}

static bool
is_legacy_sts(struct str region)
{
	for (size_t i = 0; i < sizeof(legacy_sts) / sizeof(legacy_sts[0]);
	    i++) {
		if (str_eq(region, legacy_sts[i])) {
			return true;
		}
	}
	return false;
}

static struct str
signin_suffix(const struct partition *p)
{
	for (size_t i = 0; i < 3; i++) {
		if (str_eq(p->name, signin_hosts[i].partition)) {
			return signin_hosts[i].suffix;
		}
	}
	return p->suffix;
}

/* Takes an endpoint from the tables. */
static enum err
from_tables(const struct sys *sys, const struct profile_set *set,
    struct str profile, enum endpoint_service service, struct arena *a,
    struct endpoint *out, struct fail *f)
{
	const struct service *s = &services[service];
	const struct partition *p = partition_of(out->signing_region);
	struct buf b = buf_in(a, 253); /* longest host name, RFC 1035 2.3.4 */
	struct str from;
	bool fips;
	bool dual;
	enum err err = switch_of(sys, set, profile,
	    S("AWS_USE_FIPS_ENDPOINT"), S("use_fips_endpoint"), &fips, f);

	if (err == ERR_OK) {
		err = switch_of(sys, set, profile,
		    S("AWS_USE_DUALSTACK_ENDPOINT"),
		    S("use_dualstack_endpoint"), &dual, f);
	}
	if (err != ERR_OK) {
		return err;
	}
	if (service == ENDPOINT_STS && !fips && !dual &&
	    is_legacy_sts(out->signing_region) &&
	    str_ieq(endpoint_setting(sys, set, profile,
	    S("AWS_STS_REGIONAL_ENDPOINTS"), S("sts_regional_endpoints"),
	    &from), S("legacy"))) {
		out->host = S("sts.amazonaws.com");
		out->signing_region = S("us-east-1");
	} else if (service == ENDPOINT_SIGNIN) {
		buf_addf(&b, "%s.signin.%s", out->signing_region,
		    signin_suffix(p));
		out->host = buf_str(&b);
	} else {
		buf_add(&b, fips && !p->plain_fips ? s->fips : s->host);
		buf_add_byte(&b, '.');
		buf_add(&b, out->signing_region);
		buf_add_byte(&b, '.');
		buf_add(&b, dual ? p->dual_suffix : p->suffix);
		out->host = buf_str(&b);
	}
	out->tls = true;
	out->port = 443;
	out->host_header = out->host;
	out->path = S("/");
	return buf_ok(&b) ? ERR_OK : fail_set(f, ERR_NOMEM, 0, STR_NONE);
}

/* see endpoint.h */
enum err
endpoint_resolve(const struct sys *sys, const struct profile_set *set,
    struct str profile, enum endpoint_service service, struct str region,
    struct arena *a, struct endpoint *out, struct fail *f)
{
	const struct service *s = &services[service];
	struct str name = profile_or_default(profile);
	struct str url;
	struct str from;
	enum err err;

	MUST((unsigned)service < ENDPOINT_N);
	if (!endpoint_region_ok(region)) {
		return fail_setf(f, ERR_REGION, "\"%s\" is not a region name",
		    region);
	}
	*out = (struct endpoint){ .signing_region = region,
	    .signing_name = s->signing };
	err = configured_url(sys, set, name, s, &url, &from, f);
	if (err != ERR_OK) {
		return err;
	}
	return url.len > 0 ? from_url(url, from, a, out, f) :
	    from_tables(sys, set, name, service, a, out, f);
}

/* see endpoint.h */
enum err
endpoint_check(const struct sys *sys, struct str region, struct fail *f)
{
	struct url u;
	enum err err = ERR_OK;

	if (region.len > 0 && !endpoint_region_ok(region)) {
		return fail_setf(f, ERR_REGION, "--region or AWS_REGION is "
		    "\"%s\", which is not a region name; one looks like "
		    "us-east-1 or eu-central-1", region);
	}
	for (size_t i = 0; i <= ENDPOINT_N && err == ERR_OK; i++) {
		struct str name = i < ENDPOINT_N ? services[i].variable :
		    S("AWS_ENDPOINT_URL");
		struct str text = sys->env(sys->ctx, name);

		if (text.len > 0) {
			err = read_url(text, name, &u, f);
		}
	}
	return err;
}

/* <area>-<direction>-<digit>, where the area is the partition's, and letters:
 * so few names that nobody can have us look up others. */
static bool
is_region_of(const struct partition *p, struct str s)
{
	struct str words = S("central east north northeast northwest south "
	    "southeast southwest west");
	size_t n = s.len < 2 ? 0 : s.len - 2;
	size_t at = n;
	bool found = false;

	while (at > 0 && s.p[at - 1] != '-') {
		at--;
	}
	while (words.p != NULL && !found) {
		found = str_eq(str_cut(&words, ' '), str_sub(s, at, n));
	}
	for (size_t i = 0; i < at; i++) {
		found = found && (s.p[i] == '-' ||
		    (s.p[i] >= 'a' && s.p[i] <= 'z'));
	}
	/* Two letters and a hyphen may follow what all names begin with. */
	return found && s.p[n] == '-' && str_is_digit(s.p[n + 1]) && at > 2 &&
	    at <= p->prefix.len + 3 && partition_of(s) == p;
}

/* see endpoint.h */
bool
endpoint_is_sts(struct str region, struct str host)
{
	const struct partition *p = partition_of(region);
	struct str label = str_cut(&host, '.');
	struct str of;

	if (p->prefix.len == 0 && str_eq(label, S("sts")) &&
	    str_eq(host, p->suffix)) {
		return true;
	}
	of = str_cut(&host, '.');
	return (str_eq(label, services[ENDPOINT_STS].host) ||
	    str_eq(label, services[ENDPOINT_STS].fips)) &&
	    is_region_of(p, of) &&
	    (str_eq(host, p->suffix) || str_eq(host, p->dual_suffix));
}

/* see endpoint.h */
void
endpoint_add_url(struct buf *b, const struct endpoint *e)
{
	buf_add(b, e->tls ? S("https://") : S("http://"));
	buf_add(b, e->host_header);
	if (e->path.len > 1) {
		buf_add(b, e->path);
	}
}
