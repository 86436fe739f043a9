# Compiler, linker and sanitizer settings that hold for every target of the project.
include(CheckCXXCompilerFlag)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # ccache's manual: what precompiled headers need of it.
  set(CMAKE_C_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND NOT SOTTO_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()

# Warnings for our own code, errors where it is developed; third-party headers come in as SYSTEM.
add_library(sotto_warnings INTERFACE)
target_compile_options(sotto_warnings INTERFACE
  -Wall -Wextra -Wpedantic $<$<BOOL:${SOTTO_WERROR}>:-Werror> -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
  -Woverloaded-virtual -Wformat=2 -Wundef -Wunused -Wvla)
# GCC 12 sees overlapping copies and overflows inside std::string and std::vector at -O3 (GCC bugs 105651, 105329).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(sotto_warnings INTERFACE -Wno-restrict -Wno-stringop-overread -Wno-stringop-overflow)
endif()

# What GCC 12 takes for overflows inside std::string counts as its own header's business until that is precompiled.
if(SOTTO_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(sotto_warnings INTERFACE -Wno-array-bounds)
endif()

# Everywhere the same, or precompiled headers would not fit where a library asks for it.
add_compile_options(-pthread)

# Hardening (docs/architecture.md). FORTIFY needs optimisation and fights with ASan.
add_compile_options(-fstack-protector-strong)
if(NOT SOTTO_SANITIZE AND NOT SOTTO_FUZZ)
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
add_link_options(-Wl,-z,relro,-z,now)
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")

if(SOTTO_SANITIZE)
  add_compile_options(-fsanitize=${SOTTO_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SOTTO_SANITIZE})
  # GCC's manual: with sanitizers it warns of uninitialised use where there is none (here: inside std::variant).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(sotto_warnings INTERFACE -Wno-maybe-uninitialized)
  endif()
  if(SOTTO_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(SOTTO_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# sotto_precompile(NAME [LIBS target...] HEADERS header...): headers that nearly every file reads, read once where
# SOTTO_PRECOMPILE says so: reading them is half of the compiler's work. Files still include what they use, as the
# presets without it prove.
function(sotto_precompile name)
  cmake_parse_arguments(arg "" "" "LIBS;HEADERS" ${ARGN})
  if(SOTTO_PRECOMPILE)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE sotto_warnings ${arg_LIBS})
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
    sotto_ccache_precompiled(${name})
  endif()
endfunction()

# Lets `target` start from the headers of sotto_precompile(NAME).
function(sotto_precompiled target name)
  if(SOTTO_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${name})
    sotto_ccache_precompiled(${target})
  endif()
endfunction()

function(sotto_ccache_precompiled target)
  if(CCACHE_PROGRAM AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

set(SOTTO_COMMON_HEADERS <algorithm> <array> <atomic> <chrono> <deque> <filesystem> <fstream> <functional> <map> <memory>
    <mutex> <optional> <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
