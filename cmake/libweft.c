/* cmake/libweft.c - the one source of libweft.so; everything else in it comes from the static libraries. */
typedef int weft_shared_library;
