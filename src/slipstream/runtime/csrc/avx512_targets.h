/* What the sets with AVX-512 ask of the compiler. A narrow int8 row's output is added up faster by
 * 128-bit dot products: fewer steps to add one vector up. Clang has no word for that. */
#define AVX512 "avx512f,avx512bw,avx512vl,avx512dq"
#if defined(__clang__)
#define SHORT_DOTS ""
#else
#define SHORT_DOTS ",prefer-vector-width=128"
#endif
