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
	"\":\"4L9QatclsRfBvYnpP65-86uQnC4TjUQFne-EduhUJe1P747UldjI_CIElKY" \
	"uq7_vYIjiqRFdn06zNu1qWPjiEGBpvu7Jw1_RSeVMUh6BQr6cVmQgMFfCmDJI8Cx" \
	"590OULOKAKwss4oC_XglRRmPcw8OtvOoehQ00jtPq2vb7BtR0qBj90VpgJXC3O2f" \
	"00fZ9FN1fE2HIH2suwvT9wXQO0UfN3Q98G87vstqT9x7NUEjxCyt9AJZT7FpTz6g" \
	"m2B4Zt4fGBLfRPwLoXzHwLi7Y6wzS9voChVQTjBGiOCSZnRSZVFLswdRnitTBrsE" \
	"Eyyk5xRK3oF_lX6MZPizI8KGDXQ\",\"e\":\"AQAB\"},{\"kty\":\"RSA\"," \
	"\"kid\":\"odd\",\"use\":\"sig\",\"n\":\"AYw-UKfhog33Ml0vGDjM2OWW" \
	"7IIdFuYafZTH7KtL5nHt2yruFmgefu5tPMVclJHrZHq8tGRPsiBaa2-ty3Kq3B4m" \
	"MUFCYFd_7kMdla4vXjVpVk4LSDa3ak1V41KZ8djTuKa1bywAMx-n4URn8XS1sgsQ" \
	"V9pKbi2_T54LOYfIhMHOUy_pOulr_wcRaCQ39nGeB6jFVMOqY8oWvBnHw0lLWPz_" \
	"9Dib5UfRrYcZ5BaX5_SYawCqvSZjKT8T1_ywadL7h0H0IbAsrRRxpX1RBpay2MXG" \
	"pNZLxDf-X7jrngr_ufpUPy4-ykzpL1MWNt7rCglxyQMqJ4s5Z6VwrIVTS7x-4rs" \
	"\",\"e\":\"AQAB\"},{\"kty\":\"RSA\",\"kid\":\"big\",\"use\":\"si" \
	"g\",\"n\":\"2C0DxB9NaUvp5GtsYgsuvbD4jPGZSOipyBK-7r1tJ2JJOcqBGzBp" \
	"OJTPuyLFKy1fqnrE8VY48YarYiwYC6LXWjNrrE5xvNZWTxFgsfS3tEMaX9TUwlXx" \
	"evxYwCTLeR488wukTvl0CxwaRke_RJZlbxn51E0TDKoCo0zw6q1z5oYQ9gP4VYYc" \
	"is6S9dkhJiTrk71-KaH5hnw0MHXIq36yCVPGIve4SAdVRZmcwpvEL5e63THmuUwc" \
	"wcCoOkx6-Nyc7NpDyjAP7cwBXlYpnSEWzCsBz958OeOQqbdFHzDaMMmAw-d4o-FG" \
	"U0qNxkBwYZS8Vx6e2H3X2YB2ZMSFPkp12FMfdKrS4hC5USS-MT1ylTlT-xz5YIZb" \
	"MI1KStmev8ugmt2mmfKsLRCbVCi0jHV-t7wJ3-WB29xctO90QxOxr0Ta-mqLuNn3" \
	"9MUufJnDo25tRBdDu7LaXOdXdVJPLnjScHk0kvqPqsA8NhNiEaQE-AnqN_aFHIB7" \
	"bLnDVMQp734CKCIy2V19P520cQNjHtVxypjYH9G9bIyUFQabgfb2N2jQBZRb0Nll" \
	"bD3JsBUgaX5bRDawxwFSQDgaYX7x1XGDhOPokqoNpZPDRd5qVotNFMyIUCKLbmwu" \
	"MHN79-HgmVu0y-0MuUsg5tCIkTl3GJ3SYqwSnr8cIkqv2zjQmbnLRJE\",\"e\":" \
	"\"Aw\"},{\"kty\":\"EC\",\"kid\":\"p256\",\"crv\":\"P-256\",\"x\"" \
	":\"Mwv7GrxD_H0te20_qM_HDMi_t-gXGS7IRGm9azRuyT0\",\"y\":\"OsM-3xZ" \
	"F8LNS02xlIWUuVJqAmRoWW267e-88z5BBCV0\",\"alg\":\"ES256\"},{\"kty" \
	"\":\"EC\",\"kid\":\"p384\",\"crv\":\"P-384\",\"x\":\"rzT63ugwlJd" \
	"rocccyfAf3VwAZtNK1bMavnht2jphYsw3ERyRPxx1vIwRMokFxxVD\",\"y\":\"" \
	"eAZqqe-o-h_RUKx3IHIBS_SQIFJ4XP3HRfukjR-vG2q47oZHUt17kM6zXHeQDJfM" \
	"\"}]}"
/* The private key of p256. */
#define JWT_P256_PRIVATE \
	"65df826a09aeff4dbadd00bac06719f359f7386e784ce326c9b105721cdbb565"
#define JWT_RS256_RSA \
	"eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.2o81oTtEWy7TYsVhcpHWlPIsKT-c_ilS" \
	"lunQSSGXMmHEsY4D5h4un4YCLhGHjCMCHGw9Ezft2GsdBUqH9uVqeIUUpaMYtO6i" \
	"Nr2LBqxFTcovbVvX9gWTQbbzchqoXNQ2e9zRxxqPElFtvSHG7tZsKSRNO8bKb-Wy" \
	"ump0HISd8XlVLlQ6vdxj1vaAVltq-XluB56PlIbgMsJFLFer26zYqZV5gcHjAyKf" \
	"NYTfVApwkMv2_72gS6ZUJ21me5efrpj77N-wVW9dWvHgUGdF--HOdVtoREl0DkxG" \
	"iGHEv3ZEtxMAsltkxv4M820iifiKmndYmRKeecZL9DpHyvasQi6c6g"
#define JWT_RS384_RSA \
	"eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.LjbyabAZvRYdebeD3yO8ll7g0N7i6tQn" \
	"u-72tyempnMsR8BVro6jinB9knYyae2TreGLm65pXcfE4T_zM2o8CSi1u70y7S82" \
	"X-ZLENoIwO2xhT4mcWr07Z9NFge-WW9MYKnn5I2Guc5JD2hiuIkiyWyOjFzP0JM9" \
	"7Q36x4xAjJbO6Rt69FpayrIwA65alv6jtHOXrqjwRY2w9zHC8m5MrQXN-OjYslDJ" \
	"rYCYInNlwQkem2BPkMcMcv2b97A3ryqKEuiywauOpTvGKnEHgi6yfZspi1pv8ysw" \
	"9WeZgbarpGBl50EcgDRihONKJTMzfs5y8HOTKBZX3HMff4yCnaWFtg"
#define JWT_RS512_BIG \
	"eyJhbGciOiJSUzUxMiIsImtpZCI6ImJpZyJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.u1IeZtHT8M1wsOklxj-PJvBr6l-mrpxs" \
	"Aq2zBaitDvVKb-GegLfMTQ1Op85d7CsPkprFovQ5K7i1Nfnqp9ZCqeLPHy6_3Be9" \
	"TMiBX_Rhl_SWVXTb-YS4K_NtR3N3iVKF3x5Ttc8mXx0CVNGKqR5imRMjdW2odKJg" \
	"01Ox8dOCX2eSetAJ_wuiBl8w-94s2ypyfKrffBywXzpslScd61EdfbXqnGswLJao" \
	"YMHXAqRN79DOopupuUYc4E4XTgfOGKhJRV5V7gqs32Hk6n-v4ax-Z3k1LXynyY16" \
	"iaMjxIDUUv6JAKpo-sYcdGuDaxVBCc4_25gcpDJLVTl78ugPVfvxfFYznYGScnzs" \
	"g5sEqExibj0AmWOeetK8BHfXa1TGlT-F5uzviWMl1iBgEr_IhpUlvSoJPnjoumc3" \
	"2t9EDUI9nRJhXzWssRzE94Op8oneRBDjl1E4LkJMopDT3He7TXOHZ8yfdRyB-Glq" \
	"C9ZSByCWgiFYC9MQ70kOH7EbLWlyZhoe3a_404F-2ut4tzp04bzyiPiQkK5WK2pP" \
	"5qJ0ZMa488WT9eMy-Kqazaxo5hZtsmHGO2kfUiT2qvsNfgtIoaNtdJRu1vUG7QpS" \
	"-tjoQ5VlNdBcm7LZROsmt-sDYCZd1JLJ7o4nKlI4kZs3MKjdUBm3PiY-LjRrvcSp" \
	"cFWXFLUMEA8"
#define JWT_PS256_RSA \
	"eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.vpz7YnDxepctbX3jn9hpAXh9vCd1AhMC" \
	"M1yEZAcfB5OYOw7nj57AO7UYc-BSaRX0lt7VMo9_RrwKISCaraGLj782FVmO1eBq" \
	"U6CROIyY7jn2G4PT_J5-4gfeVSp7tqxJKzTkYcDWEKrNEQ-S5BOz__xWpud0RHs6" \
	"0IfjAqTno6-rOusOn9TWFbFU4ctYah6z-cBazmzNV8-Sp2Uc1IK-ueGYercdIyyl" \
	"AzlzCTPAGsqsOesl3Y7P02wjabmh-shHNTiD5YV1uU3HbtVYfuhzwvW9W6tawa5o" \
	"JLLvz5hzJI0m3ohJRMabzZEJzT0b3myZSCBnyYuxXL5FkLxn1iUYFQ"
#define JWT_PS256_ODD \
	"eyJhbGciOiJQUzI1NiIsImtpZCI6Im9kZCJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.AXCSb1By4SgA8DtSzIWrH3X46u6XHedT" \
	"7b7fP1uErp7E7OSqkrv8dvlEW1FZBh-q8gCTfNGODRgk7WT9fu5cFWVDbmqvKtf_" \
	"aMWCNa7o6U1QJ24Ou06nFJE2d4XWX_3Z9Gtzo988w50noEyjqPwh4t4EzjHtre06" \
	"kEoQpE2LLvtahXv9nvm9Vx_r7uq1MoKloiTRsKdM-gHb_WaOGSr2R5tOcze30vKO" \
	"xplXTsSay6jXZ1hsZYMo22cJUKEJyVZgmq6PlY190xV2WqYkUYn9QhlSIMpkeXsQ" \
	"HuoflWf1KCuVVMAz5DKwGDfNiTWAc3-HfrP_okr_s2IxnV1RFAgJFQA"
#define JWT_RS256_ODD \
	"eyJhbGciOiJSUzI1NiIsImtpZCI6Im9kZCJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.AIVB9CWB5wrHONZsKb3K28ZLsEVNgeV7" \
	"5jLuY0XT1Oh2jaTWUBfJegVWauL41YJ03c8zGU1IoH7xnkmEz9jDfO9HSL66_FSS" \
	"YcMY7QDKek540zN2oapVZubWeH_r8vLNUCGf5USCPkRa_8p2YsuOwjWDaif8qKre" \
	"9vbY2OS4gKXbYKB2sf5h6wEorIJura30CqP8oXJG5Ftmc_X4htZ-XGchDDcpJa83" \
	"sOChaK9ETLsLT6t3ukJta51dZZ6UgMcZxzNRMyYal-efaBtyZRDdzRA3TBEGO0yM" \
	"7-qQiZHmYdkIhhd2DsX3HMInrBOEyiGo4FTy1FkKFvcMn_sphKHll50"
#define JWT_ES256_P256 \
	"eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYifQ.eyJpc3MiOiJodHRwczovL2lkL" \
	"mV4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5N" \
	"TE3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.hmOLTS8LONsw2-nS7rTYzH3N7sZyzj" \
	"PCyxHFYcAExTzu9mcI2g66d91tHq1hAWVSKGVf2YONzkYwSEnuMW7cfA"
#define JWT_ES384_P384 \
	"eyJhbGciOiJFUzM4NCIsImtpZCI6InAzODQifQ.eyJpc3MiOiJodHRwczovL2lkL" \
	"mV4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5N" \
	"TE3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.tK6WIsgJdOBFt1kPjgHU9TMiuDfrFU" \
	"JUmf8G3KksX1Uo7Sgy33Dfl50mH2X5zAyaMpHp1B2OfA2PvTVbM5uV-m8xF1yqPL" \
	"gJgIHlgRepEKj1Bbw1dz8kDWgN0l1CcwYy"
/* PS256 with a salt of 64 bytes, which JWA does not allow. */
#define JWT_PS256_SALT \
	"eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lkLmV" \
	"4YW1wbGUuY29tIiwiYXVkIjoiY3ciLCJzdWIiOiJhbGljZSIsImV4cCI6MTc5NTE" \
	"3OTYwMCwiaWF0IjoxNzk1MTc2MDAwfQ.x0CoEu17HW4e8SzAn8gj65xqgcSCsBwu" \
	"kuEsDODHrg3JZtR4MdZoZFlj7wseB66VbilWlXQ4Vut1Zc8TKdVxoqR1Vg0Twgma" \
	"PXbDHAqRka0a2UdyQZZ8BSdBMM7sbkwDTPh6cmb4ccd3hc7dOq9nVu8_HaNCzgRN" \
	"1Nzy_nTeCzAzYKCLqbvY40-VhfwpwN4A8qRL9a3wf5Zt1Gr6sFHwS3QBzXYLNBr2" \
	"v7RFqFvOMbVLAMdnHq1mkuDz4u3xyyauv6t_DOwr1QH4j4laRwEdE772S24nrgOu" \
	"3e8t8fU9dWt6kpnDgeibSbfI5Of4NWfZNEIrhracCqW4nBR_205lmg"
/* The modulus of rsa, for the forger who signs with it as HMAC key. */
#define JWT_RSA_N \
	"4L9QatclsRfBvYnpP65-86uQnC4TjUQFne-EduhUJe1P747UldjI_CIElKYuq7_v" \
	"YIjiqRFdn06zNu1qWPjiEGBpvu7Jw1_RSeVMUh6BQr6cVmQgMFfCmDJI8Cx590OU" \
	"LOKAKwss4oC_XglRRmPcw8OtvOoehQ00jtPq2vb7BtR0qBj90VpgJXC3O2f00fZ9" \
	"FN1fE2HIH2suwvT9wXQO0UfN3Q98G87vstqT9x7NUEjxCyt9AJZT7FpTz6gm2B4Z" \
	"t4fGBLfRPwLoXzHwLi7Y6wzS9voChVQTjBGiOCSZnRSZVFLswdRnitTBrsEEyyk5" \
	"xRK3oF_lX6MZPizI8KGDXQ"

#endif
