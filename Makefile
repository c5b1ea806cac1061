# Verbs over CMake's presets; build/ holds the release build, build/asan and so on the others.
JOBS := $(shell nproc)
CTEST_JOBS ?= $(JOBS)
FUZZ_SECONDS ?= 60
PAGE_KILLS ?= 200
PAUSE ?= 30

# Ninja is looked for here, when the packages have been installed.
configure = CMAKE_GENERATOR="$${CMAKE_GENERATOR:-$$(command -v ninja >/dev/null && echo Ninja || echo Unix Makefiles)}" \
	cmake --preset $(1) --log-level=WARNING
build = $(call configure,$(1)) && cmake --build $(2) --parallel $(JOBS) $(3)

PREFIX ?= /usr/local

.PHONY: all install uninstall demo test check asan tsan torture pages ranks fuzz bench help

all: ## build the library and the program (build/paydirt)
	@tools/install_packages build optional
	@$(call build,release,build,--target product)

install: all ## install the libraries, headers, program, manual pages and completion under PREFIX (/usr/local); DESTDIR is put before it
	@DESTDIR='$(DESTDIR)' cmake --install build --prefix '$(PREFIX)'

uninstall: ## remove what the last `make install` with this DESTDIR put there
	@tools/uninstall build '$(DESTDIR)'

demo: ## train on real pictures and on the 2-D mixture, with few labels; pictures and figures go to demo/
	@tools/install_packages build optional demo
	@$(call build,release,build,--target pd_cli)
	@tools/demo build/paydirt

test: ## run the tests
	@tools/install_packages build optional test
	@$(call build,release,build)
	@tools/run_tests build --parallel $(CTEST_JOBS)

check: ## check the order of the layers, the formatting and clang-tidy's findings
	@tools/install_packages build optional test check clang
	@$(call build,release,build)
	@tools/check_layers build
	@git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
	@$(call configure,clang)
	@tools/check_tidy build/clang

asan: ## run the tests and replay the fuzz corpora under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/install_packages build optional test
	@$(call build,asan,build/asan)
# The stand-in is used by test_cuda all the same; how kills end is the release build's matter.
	@ASAN_OPTIONS=quarantine_size_mb=16 PAYDIRT_NO_STANDIN=1 PAYDIRT_KILLS=2 tools/run_tests build/asan --parallel $(CTEST_JOBS)

tsan: ## run the tests under ThreadSanitizer
	@tools/install_packages build optional test clang
	@$(call build,tsan,build/tsan)
# libomp and oneDNN are not instrumented; test_cli limits the size of files, which ThreadSanitizer's own memory falls under;
# test_faults preloads an allocator, and this one stands before it.
	@TSAN_OPTIONS=ignore_noninstrumented_modules=1 tools/run_tests build/tsan --parallel $(CTEST_JOBS) -E "test_cli|test_faults"

torture: ## disturb runs by kills, failing calls, failing allocations and power losses; PAYDIRT_TORTURE=all: at every call, and by 100 signals
	@tools/install_packages build optional test
	@$(call build,release,build,--target pd_cli torture)
ifeq ($(PAYDIRT_TORTURE),all)
	@PAYDIRT=build/paydirt python3 test/torture/stops.py --stops 100
endif
	@python3 test/torture/torture.py build/paydirt build/libtorture.so

pages: ## try the pages in a headless Chromium, and their server with PAGE_KILLS (200) kills and many hostile clients
	@tools/install_packages build optional browser
	@$(call build,release,build,--target pd_cli)
	@PAYDIRT=build/paydirt python3 test/page/browser_test.py
	@PAYDIRT=build/paydirt python3 test/page/kills_test.py --moments $(PAGE_KILLS)
	@PAYDIRT=build/paydirt python3 test/page/crowd.py

ranks: ## train on four hosts (network namespaces, as root), of which one is killed, loses its cable or stands still for PAUSE (30) seconds
	@tools/install_packages build optional ranks
	@$(call build,release,build,--target pd_cli)
	@PAYDIRT=build/paydirt python3 test/ranks/hosts_test.py --pause $(PAUSE)

fuzz: ## fuzz every reader for FUZZ_SECONDS (60) each, starting from the corpora
	@tools/install_packages build optional clang
	@$(call build,fuzz,build/fuzz)
	@tools/fuzz build/fuzz $(FUZZ_SECONDS)

bench: ## measure a training step; beside PyTorch's where PYTHON_NEW or PYTHON_DEBIAN name a python that has it
	@tools/install_packages build optional
	@$(call build,release,build,--target pd_cli)
	build/paydirt bench --model infogan --batch 128 --threads $(JOBS) --gold
ifneq ($(PYTHON_NEW)$(PYTHON_DEBIAN),)
	$(or $(PYTHON_NEW),$(PYTHON_DEBIAN)) bench/compare.py --paydirt build/paydirt --threads $(JOBS)
endif

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile
