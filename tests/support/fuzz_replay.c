/* tests/support/fuzz_replay.c - a main for fuzz targets where there is no libFuzzer: runs the target once on
 * every file of the folders (and on every file) named as arguments, so that the corpus is a test with any
 * compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_count;

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    int result = 1;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) goto done;
    const long size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) goto done;
    /* Exactly `size` bytes, so that the address sanitizer sees a read past the end. */
    data = malloc(size > 0 ? (size_t)size : 1);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) goto done;
    fprintf(stderr, "%s\n", path); /* the last name before a crash is the culprit */
    LLVMFuzzerTestOneInput(data, (size_t)size);
    replay_count++;
    result = 0;
done:
    if (result != 0) fprintf(stderr, "cannot read %s\n", path);
    free(data);
    if (file != NULL) fclose(file);
    return result;
}

static int replay_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        fprintf(stderr, "no such file or folder: %s\n", path);
        return 1;
    }
    if (!S_ISDIR(info.st_mode)) return replay_file(path);

    struct dirent **entries = NULL;
    const int count = scandir(path, &entries, NULL, alphasort);
    int failed = count < 0;
    for (int i = 0; i < count; i++) {
        char name[4096];
        if (entries[i]->d_name[0] != '.' &&
            snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name) > 0) {
            failed |= replay_path(name);
        }
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) failed |= replay_path(argv[i]);
    printf("%d inputs replayed\n", replay_count);
    if (replay_count == 0) {
        fprintf(stderr, "no input: a corpus must not be empty\n");
        return 1;
    }
    return failed;
}
