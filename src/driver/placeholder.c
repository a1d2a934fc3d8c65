typedef int spf_placeholder;
