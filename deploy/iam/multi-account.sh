#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# multi-account.sh ACTION [--config FILE] [--dry-run] [--policy FILE]
#	[--out DIR] [--yes]
#
# Lets the pods of cloudwatch-mcp in some EKS clusters read CloudWatch in many
# accounts, each by a role of its own: every account gets the clusters' OIDC
# issuers as identity providers, a permissions policy, and a role that trusts
# one service account of these clusters.
#
#   setup            makes all of it, or mends it; twice is as good as once
#   verify           says whether all of it is there as setup makes it
#   teardown         deletes role and policy; TEARDOWN_OIDC=true also the
#                    identity providers that setup made
#   generate-config  writes DIR/accounts.yaml (CLOUDWATCH_MCP_ACCOUNTS_FILE) and
#                    DIR/aws-config (AWS_CONFIG_FILE); asks AWS nothing
#
#   --config FILE    the accounts and clusters, as YAML or JSON; see
#                    multi-account.example.yaml (multi-account.yaml)
#   --dry-run        prints every AWS call, as for an account where nothing
#                    (teardown, verify: everything) exists, and makes none
#   --policy FILE    the permissions policy (read-only.json beside this script)
#   --out DIR        where generate-config writes (.)
#   --yes            teardown without asking
#
# Needs the AWS CLI, 1 or 2, with a profile for each account that has the name
# in the configuration and may administer IAM there. What setup makes carries
# the tag managed-by=cloudwatch-mcp; roles, policies and providers without it
# are left alone, unless ADOPT=true lets setup take role and policy over.
#
# Exit status: 0 all is well; 1 something failed in some account, which the
# last lines name, while the others were done; 2 the command or the
# configuration is wrong, and nothing was done.
AWS_PAGER=
export AWS_PAGER
here=$(dirname "$0")
me=multi-account
tab=$(printf '\t')
audience=sts.amazonaws.com
# AWS checks issuers of EKS by their certificate authority and looks at no
# thumbprint, but older AWS CLIs insist on one.
thumbprint=9e99a48a9960b14926bb7f3b02e22da2b0ab7280
token=/var/run/secrets/eks.amazonaws.com/serviceaccount/token
mark='Key=managed-by,Value=cloudwatch-mcp'
marked="Tags[?Key=='managed-by'].Value|[0]"

# echo would interpret backslashes in some shells.
put() {
	printf '%s\n' "$*"
}

die() {
	put "$me: $*" >&2
	exit 2
}

# ---- the configuration ----

# Reads YAML (mappings, sequences, scalars in plain or quotes, comments) or
# JSON. Prints "line<tab>path<tab>value" for each scalar: 3 clusters.0.name x.
parse() {
	LC_ALL=C awk '
	function bad(line, text) {
		printf "!%d\t%s\n", line, text
		failed = 1
		exit 1
	}
	function emit(line, path, value) {
		if (value ~ /[\001-\037\177]/) {
			bad(line, path " holds a control character")
		}
		printf "%d\t%s\t%s\n", line, path, value
	}
	function below(path, key) {
		return path == "" ? key : path "." key
	}
	function once(line, path) {
		if (path in taken) {
			bad(line, path " stands twice, first in line " \
			    taken[path])
		}
		taken[path] = line
	}
	# UTF-8 of a code point below 65536.
	function utf8(n) {
		if (n < 128) {
			return sprintf("%c", n)
		}
		if (n < 2048) {
			return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
		}
		return sprintf("%c%c%c", 224 + int(n / 4096),
		    128 + int(n / 64) % 64, 128 + n % 64)
	}
	function hex(s, i, n, v) {
		n = 0
		for (i = 1; i <= 4; i++) {
			v = index("0123456789abcdef",
			    tolower(substr(s, i, 1))) - 1
			if (v < 0 || substr(s, i, 1) == "") {
				return -1
			}
			n = n * 16 + v
		}
		return n
	}
	# A double-quoted string at the start of s; the rest is left in rest.
	function quoted(line, s, out, i, c, n) {
		out = ""
		for (i = 2; i <= length(s); i++) {
			c = substr(s, i, 1)
			if (c == "\"") {
				rest = substr(s, i + 1)
				return out
			}
			if (c != "\\") {
				out = out c
				continue
			}
			c = substr(s, ++i, 1)
			if (c == "u") {
				n = hex(substr(s, i + 1, 4))
				if (n < 0 || (n >= 55296 && n < 57344)) {
					bad(line, "\\u" substr(s, i + 1, 4) \
					    " is no character: write it as it is")
				}
				out = out utf8(n)
				i += 4
			} else if (index("\"\\/", c) > 0 && c != "") {
				out = out c
			} else if (c == "t" || c == "n" || c == "r" ||
			    c == "b" || c == "f") {
				bad(line, "a value holds a control character")
			} else {
				bad(line, "no such escape: \\" c)
			}
		}
		bad(line, "a quote is not closed")
	}
	# ---- YAML ----
	function scalar(line, path, s, i, out, c) {
		if (substr(s, 1, 1) == "\"") {
			out = quoted(line, s)
		} else if (substr(s, 1, 1) == "\047") {
			out = ""
			for (i = 2; ; i++) {
				c = substr(s, i, 1)
				if (c == "") {
					bad(line, "a quote is not closed")
				}
				if (c == "\047" &&
				    substr(s, i + 1, 1) == "\047") {
					i++
				} else if (c == "\047") {
					break
				}
				out = out c
			}
			rest = substr(s, i + 1)
		} else {
			sub(/[ \t]+#.*$/, "", s)
			sub(/[ \t]+$/, "", s)
			if (s == "[]" || s == "{}" || s == "~") {
				return
			}
			if (index("[{&*!|>%@`?,]}", substr(s, 1, 1)) > 0) {
				bad(line, "this script does not read YAML " \
				    "that begins with " substr(s, 1, 1) \
				    ": write it out, a line each, or in quotes")
			}
			if (s ~ /: / || s ~ /:$/) {
				bad(line, "a second \":\" in one line: put " \
				    "the value in quotes")
			}
			emit(line, path, s)
			return
		}
		sub(/^[ \t]*(#.*)?$/, "", rest)
		if (rest != "") {
			bad(line, "text behind the closing quote")
		}
		emit(line, path, out)
	}
	function push(indent, type, path) {
		depth++
		ind[depth] = indent
		typ[depth] = type
		at[depth] = path
		cnt[depth] = 0
		pend = 0
	}
	# Leaves what is indented more than this line.
	function leave(line, indent, type) {
		while (depth > 1 && (ind[depth] > indent ||
		    (ind[depth] == indent && typ[depth] != type))) {
			depth--
		}
		if (ind[depth] != indent || typ[depth] != type) {
			bad(line, "indented unlike the lines above")
		}
		pend = 0
	}
	function await(path, indent, least) {
		pend = 1
		pend_path = path
		pend_map = indent + 1
		pend_seq = least
	}
	function member(line, indent, s, key, value) {
		if (!match(s, /^[A-Za-z0-9_.-]+[ ]*:([ \t]|$)/)) {
			bad(line, "expected \"name: value\" or \"- \"")
		}
		key = substr(s, 1, RLENGTH)
		value = substr(s, RLENGTH + 1)
		sub(/[ ]*:[ \t]?$/, "", key)
		sub(/^[ \t]+/, "", value)
		once(line, below(at[depth], key))
		if (value == "" || substr(value, 1, 1) == "#") {
			await(below(at[depth], key), indent, indent)
		} else {
			scalar(line, below(at[depth], key), value)
		}
	}
	function yaml(line, s, indent, path, gap) {
		match(s, /^ */)
		indent = RLENGTH
		s = substr(s, indent + 1)
		if (substr(s, 1, 1) == "\t") {
			bad(line, "indented by a tab: YAML takes spaces only")
		}
		while (s == "-" || substr(s, 1, 2) == "- ") {
			if (pend && indent >= pend_seq) {
				push(indent, "seq", pend_path)
			} else {
				leave(line, indent, "seq")
			}
			path = below(at[depth], cnt[depth]++)
			match(s, /^- */)
			gap = RLENGTH
			s = substr(s, gap + 1)
			indent += gap
			if (s == "" || substr(s, 1, 1) == "#") {
				await(path, indent - gap, indent - gap + 1)
				return
			}
			if (s !~ /^[A-Za-z0-9_.-]+[ ]*:([ \t]|$)/ &&
			    substr(s, 1, 2) != "- ") {
				scalar(line, path, s)
				return
			}
			await(path, indent - 1, indent)
		}
		if (pend && indent >= pend_map) {
			push(indent, "map", pend_path)
		} else {
			leave(line, indent, "map")
		}
		member(line, indent, s)
	}
	# ---- JSON ----
	function skip() {
		while (1) {
			sub(/^[ \t]+/, "", text)
			if (text != "" || now > NR) {
				return
			}
			text = lines[++now]
		}
	}
	function next_is(c) {
		skip()
		if (substr(text, 1, 1) != c) {
			return 0
		}
		text = substr(text, 2)
		return 1
	}
	function string(out) {
		skip()
		if (substr(text, 1, 1) != "\"") {
			bad(now, "expected a \"")
		}
		out = quoted(now, text)
		text = rest
		return out
	}
	function json(path, n, key) {
		skip()
		if (next_is("{")) {
			if (next_is("}")) {
				return
			}
			do {
				key = string()
				once(now, below(path, key))
				if (!next_is(":")) {
					bad(now, "expected a : behind \"" key \
					    "\"")
				}
				json(below(path, key))
			} while (next_is(","))
			if (!next_is("}")) {
				bad(now, "expected , or }")
			}
		} else if (next_is("[")) {
			if (next_is("]")) {
				return
			}
			n = 0
			do {
				json(below(path, n++))
			} while (next_is(","))
			if (!next_is("]")) {
				bad(now, "expected , or ]")
			}
		} else if (substr(text, 1, 1) == "\"") {
			key = string()
			emit(now, path, key)
		} else if (match(text, /^[0-9A-Za-z.+-]+/)) {
			key = substr(text, 1, RLENGTH)
			text = substr(text, RLENGTH + 1)
			if (key != "null") {
				emit(now, path, key)
			}
		} else {
			bad(now, "expected a value")
		}
	}
	{
		sub(/\r$/, "")
		if (NR == 1) {
			sub(/^\357\273\277/, "")
		}
		lines[NR] = $0
	}
	END {
		if (failed) {
			exit 1
		}
		for (i = 1; i <= NR; i++) {
			if (lines[i] !~ /^[ \t]*(#.*)?$/) {
				break
			}
		}
		if (lines[i] ~ /^[ \t]*[{]/) {
			now = i
			text = lines[i]
			json("")
			skip()
			if (now <= NR) {
				bad(now, "text behind the closing }")
			}
			exit 0
		}
		depth = 0
		push(0, "map", "")
		for (; i <= NR; i++) {
			if (lines[i] !~ /^[ \t]*(#.*)?$/ &&
			    lines[i] !~ /^---[ \t]*$/) {
				yaml(i, lines[i])
			}
		}
	}' "$1"
}

# Holds what parse() printed against what there may be. Prints a sentence.
check() {
	LC_ALL=C awk -F '\t' '
	function bad(text) {
		print text
		done = 1
		exit 1
	}
	function digits(s, n) {
		return s ~ /^[0-9]+$/ && length(s) == n
	}
	function want(list, i, member) {
		if (!((list "." i "." member) in value)) {
			bad("0\t" list "[" i "] lacks " member)
		}
	}
	BEGIN {
		split("clusters.#.name clusters.#.region " \
		    "clusters.#.account_id clusters.#.oidc_issuer_id " \
		    "kubernetes.namespace kubernetes.service_account " \
		    "iam.role_name iam.policy_name iam.session_duration " \
		    "target_accounts.#.profile target_accounts.#.account_id " \
		    "target_accounts.#.description " \
		    "target_accounts.#.region", all, " ")
		for (i in all) {
			known[all[i]] = 1
		}
	}
	{
		p = $2
		gsub(/\.[0-9]+\./, ".#.", p)
		v = $3
		value[$2] = v
		line[$2] = $1
		if (!(p in known)) {
			bad($1 "\t" $2 " means nothing here")
		}
		n = split($2, part, ".")
		if (n == 3 && part[2] + 1 > count[part[1]]) {
			count[part[1]] = part[2] + 1
		}
		if (v == "" && p !~ /description$/) {
			bad($1 "\t" $2 " is empty")
		}
		if (p ~ /account_id$/ && !digits(v, 12)) {
			bad($1 "\t" $2 " is not 12 digits: " v)
		}
		if (p ~ /region$/ && v !~ /^[a-z]+(-[a-z]+)+-[0-9]+$/) {
			bad($1 "\t" $2 " is no region: " v)
		}
		if (p ~ /oidc_issuer_id$/ && v !~ /^[A-Za-z0-9]+$/) {
			bad($1 "\t" $2 " is the last part of the issuer only, " \
			    "letters and digits: " v)
		}
		if (p == "clusters.#.name" && v !~ /^[A-Za-z0-9][A-Za-z0-9_-]*$/) {
			bad($1 "\t" $2 " is no name of a cluster: " v)
		}
		if (p ~ /^kubernetes/ && v !~ /^[a-z0-9*]([a-z0-9.*-]*[a-z0-9*])?$/) {
			bad($1 "\t" $2 " is no name in Kubernetes: " v)
		}
		if (p == "kubernetes.service_account" && v ~ /\*/) {
			bad($1 "\t" $2 " has to be one name: " v)
		}
		if (p ~ /(role|policy)_name$/ && (length(v) > 64 ||
		    v !~ /^[A-Za-z0-9+=,.@_-]+$/)) {
			bad($1 "\t" $2 " is no name in IAM: " v)
		}
		if (p ~ /duration$/ && (v !~ /^[0-9]+$/ || v + 0 < 3600 ||
		    v + 0 > 43200)) {
			bad($1 "\t" $2 " has to be 3600 to 43200 seconds: " v)
		}
		if (p ~ /profile$/) {
			if (v !~ /^[A-Za-z0-9][A-Za-z0-9._-]*$/) {
				bad($1 "\t" $2 " may have letters, digits and " \
				    ". _ - only: " v)
			}
			if (v in profile) {
				bad($1 "\t" $2 " stands in line " profile[v] \
				    " already: " v)
			}
			profile[v] = $1
		}
	}
	END {
		if (done) {
			exit 1
		}
		if (count["clusters"] + 0 == 0) {
			bad("0\tclusters is missing: whose pods are to read?")
		}
		if (count["target_accounts"] + 0 == 0) {
			bad("0\ttarget_accounts is missing: which accounts?")
		}
		for (i = 0; i < count["clusters"]; i++) {
			want("clusters", i, "name")
			want("clusters", i, "region")
			want("clusters", i, "oidc_issuer_id")
		}
		for (i = 0; i < count["target_accounts"]; i++) {
			want("target_accounts", i, "profile")
			want("target_accounts", i, "account_id")
		}
		if (!("kubernetes.namespace" in value)) {
			bad("0\tkubernetes.namespace is missing")
		}
		if (!("kubernetes.service_account" in value)) {
			bad("0\tkubernetes.service_account is missing")
		}
	}' "$1"
}

# Makes shell variables of what parse() printed: c_clusters_0_name, and c_LIST
# with the indexes of a list. check() knows all names.
variables() {
	LC_ALL=C awk -F '\t' '
	{
		v = $3
		gsub(/\047/, "\047\\\047\047", v)
		p = $2
		gsub(/\./, "_", p)
		printf "c_%s=\047%s\047\n", p, v
		if (split($2, part, ".") == 3 &&
		    !((part[1], part[2]) in seen)) {
			seen[part[1], part[2]] = 1
			list[part[1]] = list[part[1]] " " part[2]
		}
	}
	END {
		for (l in list) {
			printf "c_%s=\047%s\047\n", l, substr(list[l], 2)
		}
	}' "$1"
}

# get NAME [DEFAULT]: a value of the configuration.
get() {
	eval "put \"\${c_$1-\${2-}}\""
}

load() {
	[ -r "$config" ] || die "cannot read $config; --config names the file"
	parse "$config" >"$work/config" || {
		sed -n 's/^!//p' "$work/config" | while IFS=$tab read -r n text
		do
			put "$me: $config:$n: $text" >&2
		done
		exit 2
	}
	check "$work/config" >"$work/wrong" || {
		while IFS=$tab read -r n text; do
			[ "$n" = 0 ] || text="line $n: $text"
			put "$me: $config: $text" >&2
		done <"$work/wrong"
		exit 2
	}
	variables "$work/config" >"$work/variables"
	# shellcheck source=/dev/null
	. "$work/variables"
	namespace=$(get kubernetes_namespace)
	service_account=$(get kubernetes_service_account)
	role=$(get iam_role_name EKSMultiAccountMCPRole)
	policy=$(get iam_policy_name MCPReadOnlyPolicy)
	duration=$(get iam_session_duration 3600)
	home_region=$(get clusters_0_region)
	clusters=$(get clusters)
	targets=$(get target_accounts)
	suffix=amazonaws.com
	case $home_region in
	cn-*) partition=aws-cn suffix=amazonaws.com.cn ;;
	us-gov-*) partition=aws-us-gov ;;
	*) partition=aws ;;
	esac
}

# issuer CLUSTER: host and path of its OIDC issuer.
issuer() {
	put "oidc.eks.$(get "clusters_${1}_region").$suffix/id/$(get \
	    "clusters_${1}_oidc_issuer_id")"
}

# The role's trust policy in account $account: a statement for each cluster.
trust() {
	like=StringEquals
	case $namespace in *'*'*) like=StringLike ;; esac
	comma=
	printf '{"Version":"2012-10-17","Statement":['
	for i in $clusters; do
		host=$(issuer "$i")
		sub="\"$host:sub\":\"system:serviceaccount:$namespace:"
		sub="$sub$service_account\""
		aud="\"$host:aud\":\"$audience\""
		printf '%s{"Effect":"Allow","Principal":{"Federated":' "$comma"
		printf '"arn:%s:iam::%s:oidc-provider/%s"},' "$partition" \
		    "$account" "$host"
		printf '"Action":"sts:AssumeRoleWithWebIdentity","Condition":'
		if [ $like = StringEquals ]; then
			printf '{"StringEquals":{%s,%s}}}' "$aud" "$sub"
		else
			printf '{"StringEquals":{%s},"StringLike":{%s}}}' \
			    "$aud" "$sub"
		fi
		comma=,
	done
	printf ']}'
}

# ---- calls ----

# Words as a shell takes them.
show() {
	line=aws
	for word in "$@"; do
		case $word in
		*[!A-Za-z0-9_./:=@%+,-]* | '')
			word="'$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'"
			;;
		esac
		line="$line $word"
	done
	put "$line"
}

# call STEP WORD...: one call in the account; its output is in $work/out.
# 0: done; 1: failed, and $step and $error say what; 2: there is no such thing.
call() {
	step=$1
	shift
	if [ "$dry" = true ]; then
		show --profile "$profile" "$@"
		: >"$work/out"
		return 0
	fi
	aws --profile "$profile" "$@" >"$work/out" 2>"$work/err" </dev/null &&
	    return 0
	error=$(grep -v '^[[:space:]]*$' "$work/err" | head -n 1)
	error=${error:-aws ended without a word}
	case $error in *NoSuchEntity*) return 2 ;; esac
	return 1
}

# find_it STEP WORD...: a call that only looks. In a dry run of setup nothing
# is there, in one of the others everything.
find_it() {
	call "$@" || return $?
	[ "$dry" != true ] || [ "$action" != setup ] || return 2
}

say() {
	[ "$dry" = true ] || put "  $*"
}

# squeeze FILE: a JSON document without the white space; ours has none inside
# of strings.
squeeze() {
	tr -d ' \t\r\n' <"$1"
}

# Word 1 or 2 of what the last call printed.
out() {
	read -r first second _ <"$work/out" || :
	case $1 in
	1) put "$first" ;;
	2) put "$second" ;;
	esac
}

identity() {
	call "look who $profile is" sts get-caller-identity --query Account \
	    --output text || return 1
	[ "$dry" = true ] && return 0
	[ "$(out 1)" = "$account" ] && return 0
	step="use AWS profile $profile"
	error="it is of account $(out 1), the configuration says $account"
	return 1
}

# foreign TAG WHAT: it lacks our mark, and may not be touched.
foreign() {
	if [ "$1" = cloudwatch-mcp ] || [ "$dry" = true ]; then
		return 1
	fi
	step="touch $2"
	error="it was not made by this script"
	return 0
}

provider_arn() {
	put "arn:$partition:iam::$account:oidc-provider/$(issuer "$1")"
}

policy_arn() {
	put "arn:$partition:iam::$account:policy/$policy"
}

# The condition under which a found policy or role is taken as ours.
ours() {
	foreign "$1" "$2" || return 0
	if [ "$ADOPT" = true ]; then
		return 0
	fi
	error="$error; ADOPT=true takes it over"
	return 1
}

# ---- setup ----

setup_provider() {
	arn=$(provider_arn "$1")
	find_it "look for the OIDC provider of $(get "clusters_${1}_name")" \
	    iam get-open-id-connect-provider --open-id-connect-provider-arn \
	    "$arn" --query ClientIDList --output text
	case $? in
	1) return 1 ;;
	2)
		call "create the OIDC provider of $(get "clusters_${1}_name")" \
		    iam create-open-id-connect-provider --url \
		    "https://$(issuer "$1")" --client-id-list "$audience" \
		    --thumbprint-list "$thumbprint" --tags "$mark" || return 1
		say "created the OIDC provider of $(get "clusters_${1}_name")"
		;;
	0)
		tr '\t' '\n' <"$work/out" | grep -Fqx "$audience" && return 0
		call "let the OIDC provider take $audience" iam \
		    add-client-id-to-open-id-connect-provider \
		    --open-id-connect-provider-arn "$arn" --client-id \
		    "$audience" || return 1
		say "added $audience to the OIDC provider of $(get \
		    "clusters_${1}_name")"
		;;
	esac
}

# A policy keeps five versions: the oldest makes room.
make_room() {
	call "list the policy's versions" iam list-policy-versions \
	    --policy-arn "$(policy_arn)" --query \
	    'Versions[?!IsDefaultVersion].VersionId' --output text || return 1
	versions=$(tr '\t' '\n' <"$work/out" | grep -c '^v')
	[ "$versions" -ge 4 ] || return 0
	oldest=$(tr '\t' '\n' <"$work/out" | grep '^v' | sort -k 1.2n |
	    head -n 1)
	call "delete the policy's oldest version" iam delete-policy-version \
	    --policy-arn "$(policy_arn)" --version-id "$oldest"
}

setup_policy() {
	document=$(squeeze "$policy_file")
	find_it "look for policy $policy" iam get-policy --policy-arn \
	    "$(policy_arn)" --query "Policy.[DefaultVersionId,$marked]" \
	    --output text
	case $? in
	1) return 1 ;;
	2)
		call "create policy $policy" iam create-policy --policy-name \
		    "$policy" --policy-document "$document" --description \
		    'cloudwatch-mcp: read CloudWatch' --tags "$mark" ||
		    return 1
		say "created policy $policy"
		return 0
		;;
	esac
	tag=$(out 2)
	version=$(out 1)
	ours "$tag" "policy $policy" || return 1
	if [ "$tag" != cloudwatch-mcp ]; then
		call "tag policy $policy" iam tag-policy --policy-arn \
		    "$(policy_arn)" --tags "$mark" || return 1
	fi
	call "read policy $policy" iam get-policy-version --policy-arn \
	    "$(policy_arn)" --version-id "$version" --query \
	    PolicyVersion.Document --output json || return 1
	[ "$(squeeze "$work/out")" != "$document" ] || return 0
	make_room || return 1
	call "change policy $policy" iam create-policy-version --policy-arn \
	    "$(policy_arn)" --policy-document "$document" --set-as-default ||
	    return 1
	say "changed policy $policy"
}

setup_role() {
	document=$(trust)
	# IAM takes no more than Latin-1 here.
	text=$(printf '%s' "${description:-read by cloudwatch-mcp}" |
	    LC_ALL=C tr -cs '\040-\176' '?' | cut -c 1-1000)
	find_it "look for role $role" iam get-role --role-name "$role" --query \
	    "Role.[MaxSessionDuration,$marked]" --output text
	case $? in
	1) return 1 ;;
	2)
		call "create role $role" iam create-role --role-name "$role" \
		    --assume-role-policy-document "$document" --description \
		    "$text" --max-session-duration "$duration" --tags \
		    "$mark" || return 1
		say "created role $role"
		return 0
		;;
	esac
	tag=$(out 2)
	seconds=$(out 1)
	ours "$tag" "role $role" || return 1
	if [ "$tag" != cloudwatch-mcp ]; then
		call "tag role $role" iam tag-role --role-name "$role" --tags \
		    "$mark" || return 1
	fi
	if [ "$seconds" != "$duration" ]; then
		call "change how long role $role lasts" iam update-role \
		    --role-name "$role" --max-session-duration "$duration" \
		    --description "$text" || return 1
		say "changed how long role $role lasts"
	fi
	call "read the trust of role $role" iam get-role --role-name "$role" \
	    --query Role.AssumeRolePolicyDocument --output json || return 1
	[ "$(squeeze "$work/out")" != "$document" ] || return 0
	call "change the trust of role $role" iam update-assume-role-policy \
	    --role-name "$role" --policy-document "$document" || return 1
	say "changed whom role $role trusts"
}

attached() {
	find_it "look what is attached to role $role" iam \
	    list-attached-role-policies --role-name "$role" --query \
	    'AttachedPolicies[].PolicyArn' --output text || return $?
	[ "$dry" = true ] || tr '\t' '\n' <"$work/out" |
	    grep -Fqx "$(policy_arn)" || return 2
}

setup_account() {
	identity || return 1
	for i in $clusters; do
		setup_provider "$i" || return 1
	done
	setup_policy || return 1
	setup_role || return 1
	attached
	case $? in
	0) return 0 ;;
	1) return 1 ;;
	esac
	call "attach policy $policy" iam attach-role-policy --role-name \
	    "$role" --policy-arn "$(policy_arn)" || return 1
	say "attached policy $policy to role $role"
}

# ---- verify ----

# wrong SENTENCE: noted, and the rest is looked at, too.
wrong() {
	say "wrong: $*"
	faults=$((faults + 1))
}

# looked STATUS WHAT: whether it is there to be looked at.
looked() {
	case $1 in
	2) wrong "there is no $2" ;;
	1) wrong "cannot look at $2: $error" ;;
	esac
	return "$1"
}

verify_provider() {
	name=$(get "clusters_${1}_name")
	find_it "look for the OIDC provider of $name" iam \
	    get-open-id-connect-provider --open-id-connect-provider-arn \
	    "$(provider_arn "$1")" --query ClientIDList --output text
	looked $? "OIDC provider of $name" || return 0
	[ "$dry" = true ] || tr '\t' '\n' <"$work/out" |
	    grep -Fqx "$audience" ||
	    wrong "the OIDC provider of $name does not take $audience"
}

# The trust policy as it stands in $work/out, and which cluster it forgets.
verify_trust() {
	found=$(squeeze "$work/out")
	[ "$found" != "$(trust)" ] || return 0
	all=$clusters
	before=$faults
	for clusters in $all; do
		one=$(trust)
		one=${one#*\[}
		one=${one%\]*}
		name=$(get "clusters_${clusters}_name")
		host=$(issuer "$clusters")
		case $found in
		*"$one"*) continue ;;
		*"oidc-provider/$host\""*) ;;
		*)
			wrong "role $role does not trust cluster $name"
			continue
			;;
		esac
		case $found in
		*"\"$host:aud\":\"$audience\""*) ;;
		*)
			wrong "role $role takes tokens of cluster $name" \
			    "without the condition $host:aud = $audience"
			;;
		esac
		sub="system:serviceaccount:$namespace:$service_account"
		case $found in
		*"\"$host:sub\":\"$sub\""*) ;;
		*)
			wrong "role $role takes tokens of cluster $name" \
			    "without the condition $host:sub = $sub"
			;;
		esac
	done
	clusters=$all
	[ "$faults" -gt "$before" ] ||
	    wrong "role $role trusts more, or otherwise, than setup makes it"
}

verify_role() {
	find_it "look for role $role" iam get-role --role-name "$role" --query \
	    Role.MaxSessionDuration --output text
	looked $? "role $role" || return 0
	[ "$dry" = true ] || [ "$(out 1)" = "$duration" ] ||
	    wrong "role $role lasts $(out 1) seconds, not $duration"
	call "read the trust of role $role" iam get-role --role-name "$role" \
	    --query Role.AssumeRolePolicyDocument --output json
	looked $? "trust of role $role" || return 0
	[ "$dry" = true ] || verify_trust
	attached
	case $? in
	2) wrong "policy $policy is not attached to role $role" ;;
	1) wrong "cannot look what is attached to role $role: $error" ;;
	esac
}

verify_policy() {
	find_it "look for policy $policy" iam get-policy --policy-arn \
	    "$(policy_arn)" --query Policy.DefaultVersionId --output text
	looked $? "policy $policy" || return 0
	version=$(out 1)
	call "read policy $policy" iam get-policy-version --policy-arn \
	    "$(policy_arn)" --version-id "${version:-v1}" --query \
	    PolicyVersion.Document --output json
	looked $? "policy $policy" || return 0
	[ "$dry" = true ] ||
	    [ "$(squeeze "$work/out")" = "$(squeeze "$policy_file")" ] ||
	    wrong "policy $policy does not say what $policy_file says"
}

verify_account() {
	faults=0
	identity || return 1
	for i in $clusters; do
		verify_provider "$i"
	done
	verify_policy
	verify_role
	[ $faults -gt 0 ] || return 0
	step=verify
	error="$faults things are wrong; setup mends what it made"
	return 1
}

# ---- teardown ----

teardown_role() {
	find_it "look for role $role" iam get-role --role-name "$role" --query \
	    "Role.[MaxSessionDuration,$marked]" --output text
	case $? in
	1) return 1 ;;
	2) return 0 ;;
	esac
	foreign "$(out 2)" "role $role" && return 1
	attached
	case $? in
	1) return 1 ;;
	0)
		call "detach policy $policy" iam detach-role-policy \
		    --role-name "$role" --policy-arn "$(policy_arn)" ||
		    return 1
		;;
	esac
	call "delete role $role" iam delete-role --role-name "$role" || return 1
	say "deleted role $role"
}

teardown_policy() {
	find_it "look for policy $policy" iam get-policy --policy-arn \
	    "$(policy_arn)" --query "Policy.[DefaultVersionId,$marked]" \
	    --output text
	case $? in
	1) return 1 ;;
	2) return 0 ;;
	esac
	foreign "$(out 2)" "policy $policy" && return 1
	call "list the policy's versions" iam list-policy-versions \
	    --policy-arn "$(policy_arn)" --query \
	    'Versions[?!IsDefaultVersion].VersionId' --output text || return 1
	for version in $(tr '\t' '\n' <"$work/out" | grep '^v'); do
		call "delete version $version of policy $policy" iam \
		    delete-policy-version --policy-arn "$(policy_arn)" \
		    --version-id "$version" || return 1
	done
	call "delete policy $policy" iam delete-policy --policy-arn \
	    "$(policy_arn)" || return 1
	say "deleted policy $policy"
}

teardown_provider() {
	name=$(get "clusters_${1}_name")
	arn=$(provider_arn "$1")
	find_it "look for the OIDC provider of $name" iam \
	    get-open-id-connect-provider --open-id-connect-provider-arn \
	    "$arn" --query "$marked" --output text
	case $? in
	1) return 1 ;;
	2) return 0 ;;
	esac
	if foreign "$(out 1)" "the OIDC provider of $name"; then
		say "kept the OIDC provider of $name: $error"
		return 0
	fi
	call "delete the OIDC provider of $name" iam \
	    delete-open-id-connect-provider --open-id-connect-provider-arn \
	    "$arn" || return 1
	say "deleted the OIDC provider of $name"
}

teardown_account() {
	identity || return 1
	teardown_role || return 1
	teardown_policy || return 1
	[ "$TEARDOWN_OIDC" = true ] || return 0
	for i in $clusters; do
		teardown_provider "$i" || return 1
	done
}

confirm() {
	[ "$dry" != true ] && [ "$yes" != true ] || return 0
	[ -t 0 ] || die "teardown asks first: add --yes where nobody answers"
	printf 'Delete role %s and policy %s in %s accounts? [y/N] ' "$role" \
	    "$policy" "$(put "$targets" | wc -w)"
	read -r answer
	case $answer in y | Y | yes) ;; *) die "nothing was done" ;; esac
}

# ---- generate-config ----

# A string in YAML's double quotes.
yaml_string() {
	printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

generate() {
	[ -d "$out_dir" ] || die "$out_dir is no folder; --out names one"
	umask 022
	{
		put "# Made by multi-account.sh: CLOUDWATCH_MCP_ACCOUNTS_FILE"
		put "profiles:"
	} >"$work/accounts"
	put "# Made by multi-account.sh: AWS_CONFIG_FILE" >"$work/aws-config"
	for t in $targets; do
		target "$t"
		arn="arn:$partition:iam::$account:role/$role"
		{
			put "  $profile:"
			put "    account_id: \"$account\""
			put "    role_arn: \"$arn\""
			put "    region: \"$region\""
			[ -z "$description" ] || put "    description: $(
			    yaml_string "$description")"
		} >>"$work/accounts"
		{
			echo
			[ -z "$description" ] || put "# $description"
			put "[profile $profile]"
			put "role_arn = $arn"
			put "web_identity_token_file = $token"
			put "role_session_name = cloudwatch-mcp"
			put "duration_seconds = $duration"
			put "region = $region"
		} >>"$work/aws-config"
	done
	if [ "$dry" = true ]; then
		cat "$work/accounts" "$work/aws-config"
		return
	fi
	cp "$work/accounts" "$out_dir/accounts.yaml" ||
	    die "cannot write to $out_dir"
	cp "$work/aws-config" "$out_dir/aws-config" ||
	    die "cannot write to $out_dir"
	put "wrote $out_dir/accounts.yaml and $out_dir/aws-config"
}

# ---- all of it ----

# Sets what the functions above take as the account at hand.
target() {
	profile=$(get "target_accounts_${1}_profile")
	account=$(get "target_accounts_${1}_account_id")
	region=$(get "target_accounts_${1}_region" "$home_region")
	description=$(get "target_accounts_${1}_description")
}

each_account() {
	done_n=0
	failed_n=0
	: >"$work/failed"
	for t in $targets; do
		target "$t"
		if [ "$dry" = true ]; then
			put "# $account ($profile)"
		else
			put "$account ($profile)"
		fi
		if "${action}_account"; then
			say "ok"
			done_n=$((done_n + 1))
		else
			failed_n=$((failed_n + 1))
			say "failed to $step: $error"
			put "$me: $account ($profile): failed to $step:" \
			    "$error" >>"$work/failed"
		fi
	done
	[ "$dry" = true ] ||
	    put "$action: $done_n accounts done, $failed_n failed"
	[ $failed_n -gt 0 ] || return 0
	cat "$work/failed" >&2
	return 1
}

usage() {
	sed -n '4,${/^#/!q;s/^# \{0,1\}//p;}' "$0"
}

config=multi-account.yaml
policy_file=$here/read-only.json
out_dir=.
dry=false
yes=false
ADOPT=${ADOPT:-false}
TEARDOWN_OIDC=${TEARDOWN_OIDC:-false}
action=
while [ $# -gt 0 ]; do
	case $1 in
	setup | verify | teardown | generate-config)
		[ -z "$action" ] || die "$action or $1? One at a time"
		action=$1
		;;
	--config | --policy | --out)
		[ $# -gt 1 ] || die "$1 lacks its value"
		case $1 in
		--config) config=$2 ;;
		--policy) policy_file=$2 ;;
		--out) out_dir=$2 ;;
		esac
		shift
		;;
	--dry-run) dry=true ;;
	--yes) yes=true ;;
	--help | -h)
		usage
		exit 0
		;;
	*) die "'$1' means nothing here; --help says what does" ;;
	esac
	shift
done
[ -n "$action" ] ||
    die "what to do: setup, verify, teardown or generate-config?"
[ -r "$policy_file" ] || die "cannot read $policy_file; --policy names one"
work=$(mktemp -d) || die "cannot make a temporary folder"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
load
if [ "$action" = generate-config ]; then
	generate
	exit
fi
[ "$dry" = true ] || command -v aws >/dev/null ||
    die "the AWS CLI (aws) is not installed"
[ "$action" != teardown ] || confirm
each_account
