/* Stands in for libFuzzer where it is not linked: runs the target once on every file of the
 * directories. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    uint8_t *data;
    size_t got;

    if (file == NULL || fstat(fileno(file), &status) != 0) {
        perror(path);
        return -1;
    }
    /* Exactly as large as the file, so that a read past its end is seen by the sanitizer. */
    data = malloc((size_t)status.st_size > 0 ? (size_t)status.st_size : 1);
    if (data == NULL) {
        abort();
    }
    got = fread(data, 1, (size_t)status.st_size, file);
    (void)LLVMFuzzerTestOneInput(data, got);
    free(data);
    (void)fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        struct dirent *entry;

        if (folder == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        while ((entry = readdir(folder)) != NULL) {
            char path[4096];

            if (entry->d_name[0] == '.') {
                continue;
            }
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (run_file(path) != 0) {
                return EXIT_FAILURE;
            }
            count++;
        }
        (void)closedir(folder);
    }
    (void)printf("%u inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* a target without a corpus tests nothing */
}
