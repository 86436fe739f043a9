# Modules as build targets, and the arrows between them (docs/architecture.md).
#
#   sotto_module(NAME [DIR dir] SOURCES ... [DEPENDS module...] [LIBS target...] [PRIVATE_LIBS target...])
#
# makes the static library sotto_NAME (alias sotto::NAME). Other modules see only its public headers,
# include/sotto/NAME, through an include path of its own: a header of a module that is not in DEPENDS
# does not even exist for the compiler. A dependency that the table below does not allow stops the
# configuration. Back ends are modules named NAME_backend; they may depend on what NAME may, and NAME.

# module: the modules it may depend on
set(SOTTO_ARROWS_base "")
set(SOTTO_ARROWS_wire base)
set(SOTTO_ARROWS_crypto base)
set(SOTTO_ARROWS_mls_messages base wire crypto)
set(SOTTO_ARROWS_mls base wire crypto mls_messages)
set(SOTTO_ARROWS_proto base wire)
set(SOTTO_ARROWS_store base crypto)
set(SOTTO_ARROWS_bus base)
set(SOTTO_ARROWS_net base)
set(SOTTO_ARROWS_rtp base)
set(SOTTO_ARROWS_srtp base crypto rtp)
set(SOTTO_ARROWS_frame base crypto)
set(SOTTO_ARROWS_jitter base rtp)
set(SOTTO_ARROWS_repair base rtp)
set(SOTTO_ARROWS_cc base rtp)
# Raw pictures and sound as values, so that codec, device, call and window can exchange them.
set(SOTTO_ARROWS_media base)
set(SOTTO_ARROWS_codec base media)
set(SOTTO_ARROWS_audio base media)
set(SOTTO_ARROWS_device base media)
set(SOTTO_ARROWS_ice base crypto)
set(SOTTO_ARROWS_call base crypto media rtp srtp frame jitter repair cc ice codec audio device)
set(SOTTO_ARROWS_sfu base rtp srtp cc repair)
# crypto and wire: sealing of messages and files, and certificates, until and beside MLS.
set(SOTTO_ARROWS_client base wire crypto proto mls_messages mls store media call)
# crypto: issuing certificates and hashing passwords. Never mls, never frame.
set(SOTTO_ARROWS_server base wire crypto proto mls_messages store bus sfu ice)
# What the two client programs share: the wiring of the client core to sockets, files and devices.
set(SOTTO_ARROWS_runtime base wire crypto proto store net client media call codec device ice
    store_sqlite codec_ffmpeg codec_opus device_avdevice device_portaudio device_file ice_nice)
set(SOTTO_ARROWS_desktop base media client)
set(SOTTO_ARROWS_cli base client)

define_property(GLOBAL PROPERTY SOTTO_MODULES BRIEF_DOCS "names of all modules")

function(sotto_module name)
  cmake_parse_arguments(arg "" "DIR" "SOURCES;DEPENDS;LIBS;PRIVATE_LIBS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sotto_module(${name}): what is '${arg_UNPARSED_ARGUMENTS}'?")
  endif()

  # A back end borrows the arrows of the interface it implements.
  set(owner ${name})
  if(NOT DEFINED SOTTO_ARROWS_${name})
    string(REGEX REPLACE "_[a-z0-9]+$" "" owner ${name})
    if(NOT DEFINED SOTTO_ARROWS_${owner})
      message(FATAL_ERROR "sotto_module(${name}): not in the table of src/modules.cmake")
    endif()
  endif()
  foreach(dependency IN LISTS arg_DEPENDS)
    if(NOT dependency IN_LIST SOTTO_ARROWS_${owner} AND NOT (NOT owner STREQUAL name AND dependency STREQUAL owner))
      message(FATAL_ERROR
        "sotto_module(${name}): '${name} -> ${dependency}' is not an allowed arrow.\n"
        "Allowed from ${owner}: ${SOTTO_ARROWS_${owner}} (src/modules.cmake, docs/architecture.md)")
    endif()
  endforeach()

  add_library(sotto_${name} STATIC ${arg_SOURCES})
  add_library(sotto::${name} ALIAS sotto_${name})
  sotto_public_headers(sotto_${name} ${name})
  target_include_directories(sotto_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(sotto_${name} PRIVATE sotto_warnings ${arg_PRIVATE_LIBS})
  sotto_precompiled(sotto_${name} sotto_common_headers)
  target_link_libraries(sotto_${name} PUBLIC ${arg_LIBS})
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(sotto_${name} PUBLIC sotto::${dependency})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY SOTTO_MODULES ${name})
  set_property(TARGET sotto_${name} PROPERTY SOTTO_DEPENDS "${arg_DEPENDS}")
endfunction()

# Gives `target` the include path that holds include/sotto/NAME and nothing else.
function(sotto_public_headers target name)
  if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/include/sotto/${name})
    return()
  endif()
  set(root ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${root}/sotto)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/sotto/${name} ${root}/sotto/${name} SYMBOLIC)
  target_include_directories(${target} PUBLIC ${root})
endfunction()

# A program: a main, which may use everything.
function(sotto_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sotto_warnings ${arg_LIBS})
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(${name} PRIVATE sotto::${dependency})
  endforeach()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  # Read by tests/arch: what the server does not link, it cannot do.
  target_link_options(${name} PRIVATE -Wl,-Map=${CMAKE_BINARY_DIR}/bin/${name}.map)
endfunction()

# Called last: every folder of include/sotto belongs to a module.
function(sotto_check_modules)
  get_property(modules GLOBAL PROPERTY SOTTO_MODULES)
  file(GLOB folders RELATIVE ${CMAKE_SOURCE_DIR}/include/sotto ${CMAKE_SOURCE_DIR}/include/sotto/*)
  foreach(folder IN LISTS folders)
    if(NOT folder IN_LIST modules)
      message(FATAL_ERROR "include/sotto/${folder} belongs to no module")
    endif()
  endforeach()
endfunction()
