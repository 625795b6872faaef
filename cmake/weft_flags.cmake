# Language level, warnings, code generation and instrumentation, the same for every target.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden) # libweft.so shows only what client/include/weft.h marks
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
# Asserts stay on in release: CMake's own default would add NDEBUG.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g")
if(WEFT_FUZZ) # three times the inputs a second
    set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
endif()

find_program(WEFT_CCACHE ccache)
if(WEFT_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${WEFT_CCACHE}")
endif()

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
    -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wswitch-enum -Wvla
    # In C, -Wconversion brings -Wsign-conversion too. Decoders mix signed row counts with unsigned bytes on
    # every line; the casts that would silence it hide the narrowing ones that -Wconversion is here to show.
    -Wno-sign-conversion
    -ffp-contract=off     # results are bit-identical on every machine: no fused multiply-add by chance
    -fno-math-errno
    -fno-strict-aliasing  # row pages and column buffers are read through several types
    -fno-semantic-interposition)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    # The portable baseline: every x86 server since 2009. Kernels go higher, see weft_add_kernel().
    add_compile_options(-march=x86-64-v2)
    add_compile_definitions(WEFT_HAVE_AVX2=1) # the tables exist; the machine is asked at start
endif()
if(WEFT_WERROR)
    add_compile_options(-Werror)
endif()
if(WEFT_DEBUG)
    add_compile_definitions(WEFT_DEBUG=1)
endif()

if(WEFT_SANITIZE)
    add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${WEFT_SANITIZE})
    add_compile_definitions(WEFT_SANITIZED=1)
endif()
if(WEFT_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()
if(WEFT_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "WEFT_FUZZ needs clang (libFuzzer); this compiler is ${CMAKE_C_COMPILER_ID}")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
