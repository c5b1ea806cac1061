/* Runs a fuzz target over the files and folders named on the command line: the corpora, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    DIR *dir = opendir(path);
    if (dir) {
        int n = 0;
        for (struct dirent *e; (e = readdir(dir));) {
            char name[4096];
            snprintf(name, sizeof name, "%s/%s", path, e->d_name);
            if (e->d_name[0] != '.')
                n += replay(name);
        }
        closedir(dir);
        return n;
    }
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(1);
    }
    static uint8_t data[1 << 22];
    size_t size = fread(data, 1, sizeof data, f);
    fclose(f);
    uint8_t *copy = malloc(size ? size : 1); /* exact size, so that AddressSanitizer sees over-reads */
    if (!copy)
        exit(1);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return 1;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++)
        n += replay(argv[i]);
    printf("%d inputs replayed\n", n);
    return n == 0;
}
