# Run by CPack on what is to be packed: what Debian's policy wants and an installation by hand does not.
set(docs ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/doc/sshpreflight)
file(MAKE_DIRECTORY ${docs})

file(READ ${CPACK_SPF_LICENSE} license)
string(REGEX REPLACE "\n(\n|$)" "\n.\n" license "${license}")
string(REGEX REPLACE "\n\\.\n$" "" license "${license}")
string(REGEX REPLACE "\n" "\n " license "${license}")
string(REGEX MATCH "Copyright[^\n]*" copyright "${license}")
string(REGEX REPLACE "^Copyright (\\([cC]\\) )?" "" copyright "${copyright}")
file(WRITE ${docs}/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: sshpreflight

Files: *
Copyright: ${copyright}
License: MIT

License: MIT
 ${license}
")

# SOURCE_DATE_EPOCH, where it is set, is the time (file(TIMESTAMP), string(TIMESTAMP)).
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${docs}/changelog "sshpreflight (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Made by CPack.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
file(GLOB_RECURSE pages ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/man/*)
execute_process(COMMAND gzip -9n ${docs}/changelog ${pages} COMMAND_ERROR_IS_FATAL ANY)
