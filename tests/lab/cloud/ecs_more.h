#ifndef LAB_ECS_MORE_H
#define LAB_ECS_MORE_H

#include "action.h"

/*
 * Actions of ecs that only some questions need. World sections: NetworkInterfaces, PrefixLists and
 * PortRangeLists, FullStatuses, Images, CloudAssistantStatuses (id -> item with the fields of the
 * real reply), Consoles (instance -> {text}).
 */
void lab_describe_network_interfaces(const struct lab_call *call, struct lab_reply *reply);
void lab_describe_prefix_list_attributes(const struct lab_call *call, struct lab_reply *reply);
void lab_describe_port_range_list_entries(const struct lab_call *call, struct lab_reply *reply);
void lab_get_instance_console_output(const struct lab_call *call, struct lab_reply *reply);
void lab_describe_instances_full_status(const struct lab_call *call, struct lab_reply *reply);
void lab_describe_images(const struct lab_call *call, struct lab_reply *reply);
void lab_describe_cloud_assistant_status(const struct lab_call *call, struct lab_reply *reply);

#endif
