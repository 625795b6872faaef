/* engine/expr/icu.c - see icu.h. */
#include "engine/expr/icu.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* ICU's C functions are the same since 4.8 or longer; the versions of the distributions of these years. */
enum { VERSION_FIRST = 60, VERSION_LAST = 99 };

static void *open_library(const char *name, int32_t version)
{
    char file[64];
    (void)snprintf(file, sizeof file, "lib%s.so.%d", name, version);
    /* Kept for good: what is made of a collator may live as long as the process. */
    return dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

static bool find_symbol(void *library, const char *name, int32_t version, void *out, size_t size)
{
    char full[64];
    (void)snprintf(full, sizeof full, "%s_%d", name, version);
    void *symbol = dlsym(library, full);
    assert(size == sizeof symbol);
    memcpy(out, &symbol, size);
    return symbol != NULL;
}

static bool open_version(weft_icu *icu, int32_t version)
{
    void *i18n = open_library("icui18n", version), *common = open_library("icuuc", version);
    bool all = common != NULL && i18n != NULL;
#define X(name) all = all && find_symbol(common, #name, version, &icu->name, sizeof icu->name);
    WEFT_ICU_COMMON(X)
#undef X
#define X(name) all = all && find_symbol(i18n, #name, version, &icu->name, sizeof icu->name);
    WEFT_ICU_I18N(X)
#undef X
    if (common != NULL) (void)dlclose(common);
    if (i18n != NULL) (void)dlclose(i18n);
    return all;
}

static bool open_any(weft_icu *icu)
{
    if (open_version(icu, U_ICU_VERSION_MAJOR_NUM)) return true;
    for (int32_t version = VERSION_LAST; version >= VERSION_FIRST; version--)
        if (version != U_ICU_VERSION_MAJOR_NUM && open_version(icu, version)) return true;
    return false;
}

weft_status weft_icu_open(weft_ctx *ctx, const char *use, weft_icu *icu)
{
    if (open_any(icu)) return WEFT_OK;
    weft_fail(ctx, WEFT_UNSUPPORTED, "%s need ICU, which cannot be opened (libicui18n.so.%d)", use,
              U_ICU_VERSION_MAJOR_NUM);
    weft_hint(ctx, "Install ICU on every machine of the cluster, the same version (Debian 12: libicu72).");
    return WEFT_UNSUPPORTED;
}

bool weft_icu_version(char *text, size_t bytes)
{
    weft_icu icu;
    UVersionInfo version;
    if (!open_any(&icu)) return false;
    icu.u_getVersion(version);
    (void)snprintf(text, bytes, "%d.%d.%d.%d", version[0], version[1], version[2], version[3]);
    return true;
}
