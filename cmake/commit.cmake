# Writes OUT, pd_commit: the commit that DIR is at, with a + where files are not as committed; nothing without git. OUT stays untouched where it says so already.
execute_process(COMMAND git -C ${DIR} rev-parse --show-prefix --short HEAD OUTPUT_VARIABLE said ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
set(commit "")
if(NOT failed AND said MATCHES "^\n?([0-9a-f]+)$") # a prefix: a folder inside another project's
  set(commit ${CMAKE_MATCH_1})
  execute_process(COMMAND git -C ${DIR} diff --quiet HEAD RESULT_VARIABLE changed)
  if(changed)
    string(APPEND commit "+")
  endif()
endif()
file(WRITE ${OUT}.new "#include <paydirt/version.h>\n\nconst char *pd_commit(void)\n{\n    return \"${commit}\";\n}\n")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
