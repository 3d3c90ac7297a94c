/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and tokens made with Python's cryptography (OpenSSL), so that what we
 * verify was signed by other code. The tokens are all of issuer
 * https://id.example.com for audience "cw", subject "alice", issued at the
 * fake world's start and good for an hour. The private key belongs to these
 * tests and to nothing else: with it they sign what else they need.
 */
#ifndef TESTS_JWT_VECTORS_H
#define TESTS_JWT_VECTORS_H

/* A key set: rsa (2048 bits), odd (2049), big (4096, e = 3), p256, p384. */
#define JWT_KEYS \
	"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"rsa\",\"use\":\"sig\",\"n" \
	"\":\"x1zBFMoo-7h6x4cY9CdJjGY1xmgRvfA55PHCzVePwnrFNP8NvoUdKcespb8" \
	"PMflejzpZSFzvhgERvDUqusNTs8zZKUv1WN4XY2fOqP7xuJMq5zhRPDNOUbjpUjt" \
	"dDc7ACExDjaFq0E2Zgn_2mc88CjNHFVRcayx0Xh2P5w1DF3X9JFGU4iujISSbhJu" \
	"49kQYKrIkujeLbN5Hvq3h5KcCeGpDhYoifQu-Jhe4js249j219MY4px9qcqf5bFX" \
	"iGujhZm8pVi7NVWPAB3bZKDaH9bEBkYQ4o4HnYteYatE6QJkSRLG4jnFMTPMaytq" \
	"1IsFzl5MW9rgFUj1Cn0Q_NmndjQ\",\"e\":\"AQAB\"},{\"kty\":\"RSA\"," \
	"\"kid\":\"odd\",\"use\":\"sig\",\"n\":\"np4r1aBRlzPPh3vT9UpoUjBR" \
	"S1PffHofPrRcjg8jsGmq0JY9JRSsI2r8keGMT7s7Af1JKU53CRGCI2tKc1Gy2Q4O" \
	"ConnV3IbAGFs45t8DARNqZqfKfPYP0tyaLDNMJ5g4zf695MLAuDJh7l7sdITDmM8" \
	"qbZ1z1qhXRScbCxHZ14Ws3a2T8JR_5grVpuK5N9Ds61Jo2bIrQ97v_oL82MoYQ_d" \
	"X_zWr0yRuPeztyhyI4HtLd6nDHSh3pViMZefAS8KH6swCSgG5tCZR2ZMEar8H-R4" \
	"fLs0YgbZgrALsiVQRmvgkuwdSFg7zGfZgsR_BIbb6kXoR3d7LSxNxczi8LRdXw\"" \
	",\"e\":\"AQAB\"},{\"kty\":\"RSA\",\"kid\":\"big\",\"use\":\"sig" \
	"\",\"n\":\"oiW1rt0v-1IFzVDYqsbxtonFXYmy_GCXcRZzH9MX3Fyo2TPaN53LO" \
	"RqCz_A4zuZulcvInOR4dn5ub2NDcGmC9KetfkwfZCx0dEDW69dXAmvrD5zSfYDWp" \
	"3rw8YUeugLYUSM5r4burJWA96V5fRTNtAu89i7ZEPimrvYv4f4mThUH5PxbXLFym" \
	"b5tvB3JPSjrloi271VcOIRsT_M9VUZkfRK-9KZu8MUsXtbSDuxfSg_g7FInJd0x4" \
	"LGbJt0rIFo12AwIbsNeyMCNkhXZn2rfmf62NXqyz__Ht66VvUVJWldEhUPEbAK09" \
	"bfq0t5ISw6qHq_FeTQUqD1Cbllh97FFoIBbMFHRepl0tHVYCUtGgSf-yne8yAWdu" \
	"ldFZBeKbvh6mHZbAnBSOclO0cVf_c1TtT0Y2Drt23alNOxhQoD3JNCvkeBkj6es9" \
	"GpGLbW24-q7037imoj_6P7C8zUpP76icO4POwjUDbDJSmnZBX2WK22TOpXrAkTB3" \
	"ywOnex8wF7NqKf-q1EYcmx05P3kzmwPAiY5X9nA4xMdaw9MMT7Bs0pPSe0kNt8lT" \
	"hrBTzX6UWWizSDkWdN4pMjWHvlVeFQmvgzRhrqxvY2nwaqkrzr-qKw07B_Xk1qon" \
	"47SB7JPgC2A098ne_nIM4HiCmRlJBsfSQ4xVsOWTC-I3Chu4XJdTD0\",\"e\":" \
	"\"Aw\"},{\"kty\":\"EC\",\"kid\":\"p256\",\"crv\":\"P-256\",\"x\"" \
	":\"rbxSXV29RFZt_qff_1wjsI-R0DdO5S9BNm2gfjd1_sY\",\"y\":\"NBxC4ED" \
	"a_3OSUCE2CsLDliR4OxZUU7r20CDE0c7x1H4\",\"alg\":\"ES256\"},{\"kty" \
	"\":\"EC\",\"kid\":\"p384\",\"crv\":\"P-384\",\"x\":\"94Uiucwxk0C" \
	"3CddUnisHLb6P9eyQi0jCJnCmYY3gXlRhlt2HWe6MjULTODNjmB-B\",\"y\":\"" \
	"Af1XREUFW3HWWghtvM-97cWXxGNNxWAIkuCJI4IHWYwQUlM5UgDgibxt0-IGCLDg" \
	"\"}]}"
/* The private key of p256. */
#define JWT_P256_PRIVATE \
	"ff700ff6a164768395a0557feead47840d8bbd5e97df4b9e0cf0621af54fc647"
#define JWT_RS256_RSA \
	"eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.xp9SRvdkLj_8q0KSLwLKV_JfhFHwHp1g" \
	"zPyAewGXkaR2m4-Sd-2vR4ltsUnsw6XRQg66HErIUwJxcpwhbSrsxHVMoYk17Cf6" \
	"_rQf4pPX9nrMuUgsStTvsmCn9tpoDIYkppa3FAa4fvtmH3BKXG8bbtoOyIe_i-KS" \
	"hzF7XVK10jSDxiAo3_mPVi7XhKZNpx8w5WsSq36d6S_ACPKK3NRF9seZMbcm0eqD" \
	"tBQnckBWw-Y3O9PYXpqHSzzpPrhBY63k2J8QhhE8deN9vAi-d-oupMbbGmoGkTTz" \
	"aWFEy9Fx0zWWuQn9AACOPCvjI8MsGZHsdoarRosQHYxxeCynpW1z9w"
#define JWT_RS384_RSA \
	"eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.nQP7IeTTUekdVTKd47_iZPaquFUeTAyX" \
	"aq0eN95llDxiTpShBOuZq0fNzfpOiaOZ_PgfjRY4fiTG99e82KlNxzTLK8IfOC9Q" \
	"LYKkHruLHfxSoFOm73Lijo88SnPsPS4xNZ6YAspr2kkPVAJvKyYPVCTrWP4v-Q5z" \
	"11A1i5JNaXRvLSKKj3x1fhbuFrkebtBydUYKk9Ht7mXlhp-WTjUfOCxC18ch2A8P" \
	"wZGvartwcx9TVaZYz7cyWdRsC3ZJp4Wpq339mG3Q1CZJKpmL58UYlOYlb2qWeRGR" \
	"FfGJJKUN88G8rzjxY1iqfE9aJShJkcQyhe0Mip0xnWzQnX9Sz7KhUA"
#define JWT_RS512_BIG \
	"eyJhbGciOiJSUzUxMiIsImtpZCI6ImJpZyJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.VDWC5itT_d3SAlbsR_o_JRaQgOij8Blw" \
	"CfV-_fAN2QnGkBE75JDFRDnrtXP5v08ykJnzdEMRRXfYRCMyUILzS7K3PjFMITQJ" \
	"8H_5EzoL9KjIcxpxT0hTk1FOTCjYfOJLJvQN7l6TzJfNTBHfbqJd2j5dt__G_4tq" \
	"o5lwcHryTosmrnxpbeDWWycx38KL8k0u1cxTb8tF38f8nmRjiSjMEhfTOXUHYO5N" \
	"zOxQAgiNDvNVwOjuF0bcH08YbYkiPFAbs4YCQPrJEfZHAvWpirgk7FM3ORk9c5s5" \
	"CdyIExk63kuqa4taCwcmMYyB8DDjYWyyP7YVCDO2iOGMNDBu77nw6RSqsWBK5pId" \
	"KXFP-YC5IM76JIo2q-uXyrf4M64lYrKwHuVkZzDB0790o9p6npfnPJydvztisp2V" \
	"WZadNVshabC3KjnZ8eCg_CQ3gYIanBgXdQFmnCYObURYmrjI9w616SyRQzw4EF-6" \
	"ki3CBuzXOEB0ZB6XvIbj4_ev0zAQ-t2KR-bbjqbHB7CgD07b3YQ9ZRomgZwRiThv" \
	"f2KeMdaaHZPUsbNaIVkpgtBA3pwAyQiZCWfEit5EjPQnPQSyuM7sd0fU1vFQI1cm" \
	"_HzRSiQcY5KNiNPCwlfl4fWWxJi5DKWRHQID0ALVB9FPtFLUsxeirGhEKXrfWIAy" \
	"frvFGobE4qs"
#define JWT_PS256_RSA \
	"eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.UehAkkxRz38P_TX-uWL0A49R6Cn6yZZk" \
	"9x6bpnoDpOvlqMNi8HwR81ya9wqjumfhVFsZ9-nPj_8qVqZolHLsvuznQMBGXy3M" \
	"tlHMUxxPbdLZ5nkxZOv6nTNM0eBz-HhTXk4gz9rJD9WcxuF8zs7S4zKUdM5Yfp2G" \
	"_40A6Fi-RhRvnYfOO1LiOKYEa5wscfInU1AXFKl9B2Kf2NI_zbOXrjrlkoE5WxjL" \
	"vAUHDATFVMkhDTE_Thwz976DrmVqiEAlgevRLETUPoOi5fvrsCiCcmTCLVKumpxc" \
	"cXVusJqqacxOGXI7In8jfSPrGlOwM-TzXKDDIJmLZeFEM0hsldpENg"
#define JWT_PS256_ODD \
	"eyJhbGciOiJQUzI1NiIsImtpZCI6Im9kZCJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.SlizyFxPQnRXUCWFNdTNXsQpuSHjd2_9" \
	"8WcWUtOa0mX53KgkcASQcgl9wPpBzWUqLMX6qJHJhwCEvlYEIOtYStGBKjhEUO4A" \
	"ErLlfaxjQ47cZdJFlbUkcP0eSYsXDd3tWCIcf2X3IbDwTpQuj106ZHOZwLsvc-VW" \
	"1uUXQwC3xNfovSzxP9cxCApB6FLePkUjDz7a7kAe7GDEMLEBIF6fwOg-pCj2z-0k" \
	"y2nTLQGFY6VC4skN_4q7G75Eu4lHQ_zFJ_4xBCkREMulfbeHWRGcJ9au7R7Y1MRS" \
	"DeP_ihSyDXVJNtzG7OcFnIdqLKXJvCpows-uJXrgHoX1OMxNrG6qzg"
#define JWT_RS256_ODD \
	"eyJhbGciOiJSUzI1NiIsImtpZCI6Im9kZCJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.QS9pTXmrFBD4L7nnEWCNqNQIP1eW6kD1" \
	"EgIXykp1xHkMf2gn9bMjruNHXyrbhcbLT7z5J5Ch9ppLOBVqsxsTpZSvwIZwgtB8" \
	"OtCpQ0gZcsbTN9XbhpYiKbvIVKRGjbZq5yvHAPps8a05et03zofC6YFQll6J71Mx" \
	"KnFOCuIgVkTPjsGZzy0ftclypLlFpSEIkRSRu1sEPuxyKPjx3JJyt6gmNmcDfELA" \
	"ieo7MqZXZN7pPvFxDkSt2zmRSIL4WUjLThPDAMztboPThpDfWouNUYhFcHAu-fPm" \
	"zTkMaen2R3pBSq-obpIb_qu31fcjtkbcA-ewDj1xghW-LGmFO33GjQ"
#define JWT_ES256_P256 \
	"eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYifQ.eyJpc3MiOiJodHRwczovL2lkL" \
	"mV4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5N" \
	"TE3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.7dmX-a9mmYTS4qGUp4i6TQaVB6uwyF" \
	"ZVv5Gfy9dLmMU79xU1cHWgKKYphcAew3G55mpoXNjpnn41JV4bocPBmw"
#define JWT_ES384_P384 \
	"eyJhbGciOiJFUzM4NCIsImtpZCI6InAzODQifQ.eyJpc3MiOiJodHRwczovL2lkL" \
	"mV4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5N" \
	"TE3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.jolKdQy2MZeS4OPoyfZxFAL2n-P4wh" \
	"pGcs8W8kCd2pzWl53zbSja7hFbmn0C4EVTYFIF-bE2tKzPcMwQUTbGiVOOLW3aCM" \
	"7K46oD913VWps7Jz65497EJqM5FXiKHcDz"
/* PS256 with a salt of 64 bytes, which JWA does not allow. */
#define JWT_PS256_SALT \
	"eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.BBvXODlTP0NayZB3bs4bPoP-LW9PZnDv" \
	"JRC4qmignZgkJn2Evnf6czz9hF7KTWA-HdqfIqL3OIKFLLV6MG3hh3wcmztHsOGV" \
	"oZ-jSKyz4vD_SmUtcZi2Y4sPComjprJjymcK_vfL7_Tvj1HaAiTcwUQK_9XSYo9x" \
	"Hdk8Stp37o0in-5QbnzgiEuAgtOqulUzvXR-LOOsXjXPXgTL92ECe2BAYL4pTdei" \
	"qcmy3AGIYP6avaaUXDa6LiSrGLaKdIErECvM-w4hfZHh7jKTAW0k-o6hGxj71Ki5" \
	"xBllb2FMqkiLHLDBCqB6VdvoQ1MpTuybIHhObIhvcw9KrSIVBglbLg"
/* The modulus of rsa, for the forger who signs with it as HMAC key. */
#define JWT_RSA_N \
	"x1zBFMoo-7h6x4cY9CdJjGY1xmgRvfA55PHCzVePwnrFNP8NvoUdKcespb8PMfle" \
	"jzpZSFzvhgERvDUqusNTs8zZKUv1WN4XY2fOqP7xuJMq5zhRPDNOUbjpUjtdDc7A" \
	"CExDjaFq0E2Zgn_2mc88CjNHFVRcayx0Xh2P5w1DF3X9JFGU4iujISSbhJu49kQY" \
	"KrIkujeLbN5Hvq3h5KcCeGpDhYoifQu-Jhe4js249j219MY4px9qcqf5bFXiGujh" \
	"Zm8pVi7NVWPAB3bZKDaH9bEBkYQ4o4HnYteYatE6QJkSRLG4jnFMTPMaytq1IsFz" \
	"l5MW9rgFUj1Cn0Q_NmndjQ"

#endif
