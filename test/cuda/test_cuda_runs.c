/* The program with --device cuda on the stand-in of a card: a training that starts there and goes on here,
 * and what is said where cuda was asked for and something is missing. */
#include "regress/program.h"

#define OPTIONS                                                                                              \
    "train --data synthetic --data-count 200 --min-epoch 512 --width 0.0625 --batch 64 --threads 1 --out "   \
    "runs "

/* Ends well, with these words somewhere. */
static void says(const char *command, const char *words)
{
    const struct result *r = succeeds(command);
    if (!strstr(r->err, words) && !strstr(r->out, words))
        fail_msg("'%s': \"%s%s\", expected \"%s\"", command, r->out, r->err, words);
}

static void moves_between_devices(void **state)
{
    (void)state;
    setenv("PAYDIRT_CUDA", PD_STANDIN, 1);
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    says(OPTIONS "--epochs 1 --device cuda --gold --gold-start 0", "networks on cuda:0, stand-in 0, fp32");
    says(OPTIONS "--epochs 1 --device cuda", "estimate: 1 GB of memory, checkpoints of ");
    says("score runs/00000-synthetic-mlp-gold --out there.csv --split train", "there.csv: scores");
    says("score runs/00000-synthetic-mlp-gold --out also.csv --split train --device cuda",
         "networks on cuda:0, stand-in 0, fp32");
    says("sample runs/00000-synthetic-mlp-gold --npz s.npz --scores --device cuda:0 --precision tf32",
         "networks on cuda:0, stand-in 0, tf32");
    says("eval runs/00000-synthetic-mlp-gold --metrics class-accuracy,fitting-capacity --epochs 1 "
         "--epoch-images "
         "256 --device auto",
         "networks on cuda:0");
    says("train --resume runs/00000-synthetic-mlp-gold --epochs 2 --device cpu", "epoch 2/2");
    says("train --resume runs/00000-synthetic-mlp-gold --epochs 3 --device auto --precision bf16",
         "networks on cuda:0, stand-in 0, bf16");
    says("devices", "compute capability 9.0");
    says("devices --json", "\"cuda_ready\":true");
}

static void never_falls_back(void **state)
{
    (void)state;
    setenv("PAYDIRT_CUDA", "/nonexistent", 1);
    fails(OPTIONS "--epochs 1 --device cuda", 7,
          " is missing ("); /* the driver, or with one the first library */
    says(OPTIONS "--epochs 1 --device auto", "networks on cpu, fp32");
    fails("score runs/00002-synthetic-mlp --device cuda --out s.csv", 7, " is missing (");
    fails("bench --model mlp --device cuda:3", 7, "cuda:");
    fails(OPTIONS "--epochs 1 --device cdua", 2, "did you mean 'cuda'");
    fails(OPTIONS "--epochs 1 --precision tf32", 2, "precision tf32 on the processor: expected fp32");
    says("devices", "not yet been run on hardware");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(moves_between_devices),
                                       cmocka_unit_test(never_falls_back)};
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
