// SPDX-License-Identifier: GPL-2.0-only OR Unlicense
/*
 * Passes `reboot "0 tryboot"` on to the Raspberry Pi's firmware, as Raspberry Pi's own kernel does and Debian's does not.
 *
 * The firmware keeps the flag over exactly one restart: the next start takes autoboot.txt's [tryboot] part, the one after
 * that takes [all] again (https://www.raspberrypi.com/documentation/computers/config_txt.html#autoboot-txt).
 */

#include <linux/bits.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/of.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <soc/bcm2835/raspberrypi-firmware.h>

/* The property of the firmware's mailbox, and its only flag. */
#define SET_REBOOT_FLAGS 0x00038064
#define REBOOT_FLAG_TRYBOOT BIT(0)

static struct rpi_firmware *firmware;

static int on_reboot(struct notifier_block *block, unsigned long action, void *command)
{
	u32 flags = REBOOT_FLAG_TRYBOOT;
	int error;

	if (action != SYS_RESTART || !command || !strstr(command, " tryboot"))
		return NOTIFY_DONE;
	error = rpi_firmware_property(firmware, SET_REBOOT_FLAGS, &flags, sizeof(flags));
	if (error)
		pr_err("parlor_tryboot: the firmware refuses (%d): the same system starts again\n", error);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_reboot };

static int __init tryboot_init(void)
{
	struct device_node *node = rpi_firmware_find_node();
	int error;

	if (!node)
		return -ENODEV;
	firmware = rpi_firmware_get(node);
	of_node_put(node);
	if (!firmware)
		return -ENODEV;
	error = register_reboot_notifier(&notifier);
	if (error)
		rpi_firmware_put(firmware);
	return error;
}

static void __exit tryboot_exit(void)
{
	unregister_reboot_notifier(&notifier);
	rpi_firmware_put(firmware);
}

module_init(tryboot_init);
module_exit(tryboot_exit);

/* So that udev loads it on a Raspberry Pi, and nowhere else. */
static const struct of_device_id tryboot_devices[] = {
	{ .compatible = "raspberrypi,bcm2835-firmware" },
	{}
};
MODULE_DEVICE_TABLE(of, tryboot_devices);

MODULE_DESCRIPTION("Restart into the Raspberry Pi's other boot partition, once");
MODULE_LICENSE("GPL and additional rights");
