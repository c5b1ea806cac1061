# Writes the CUDA backend's kernels down as C strings, into the file OUT: cmake -D DIR=src/backend/cuda -D OUT=cuda_kernels.c -P embed_kernels.cmake
function(embed name) # files...
  set(text "")
  foreach(file ${ARGN})
    file(READ ${DIR}/${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND text "${bytes}")
  endforeach()
  file(APPEND ${OUT} "const char cuda_text_${name}[] = {${text}0};\n")
endfunction()

file(WRITE ${OUT} "#include \"backend/cuda/cuda.h\"\n")
embed(shared args.h kernels/threads.h)
embed(kernels kernels/random.cu kernels/sums.cu kernels/rows.cu kernels/pool.cu kernels/norm.cu kernels/update.cu)
