# Everything happens in image/; `make help` lists what there is.

TOOLS = @./image/enter --tools
IMAGE = @./image/enter --image
TEST = @./image/enter
# Programs of another architecture are emulated by one of the larger tools root.
TREE = $(if $(filter rpi,$(BOARD)),$(IMAGE),$(TOOLS))

.PHONY: help run stop shell reset tree image vm check fix test test-long bench screenshots compare bundle publish keys renew revoke clean

help:         ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16
	@printf '\nmake run takes\n%s\n%s\n%s\n%s\n%s\n' \
	  '  PROVISION=FILE          set the box up from a file (docs/provisioning.md)' \
	  '  PARLOR_DATA=FOLDER      keep its data there, not in build/data' \
	  '  HTTPS_PORT= HTTP_PORT= XMPP_PORT= XMPPS_PORT= S2S_PORT= TURN_PORT=   other ports of this machine' \
	  '  LISTEN=ADDRESS          whom to let in: localhost, or 0.0.0.0 for phones in the house' \
	  '  MIRROR= MIRROR_SECURITY= http_proxy=   where Debian comes from'

run:          ## build the box if needed, start it and say where its setup page is; Ctrl-C stops it
	$(TOOLS) --session python3 -m image run

stop:         ## stop the running box from another terminal
	@./image/enter --stop

shell:        ## a root shell inside the running box
	@./image/enter --join python3 -m image shell

reset:        ## delete the box's data (asks first, but with YES=1)
	$(TOOLS) --session python3 -m image reset

tree:         ## build the box's root file system (BOARD=x86 or rpi)
	$(TREE) python3 -m image tree

image:        ## make the file that people flash (BOARD=x86 or rpi)
	$(IMAGE) python3 -m image image

vm:           ## boot the x86 image in a virtual machine; ports as for make run, NEW=1 for a new disk
	$(IMAGE) python3 -m image vm

compare:      ## build the base a second time and list what differs (BOARD=x86 or rpi)
	$(TREE) python3 -m image compare

bundle:       ## a signed update from the same tree: BOARD=x86 or rpi, RELEASE_KEYS=FOLDER
	$(IMAGE) python3 -m image bundle

publish:      ## offer it on a static web server: SITE=FOLDER CHANNEL=stable RELEASE_KEYS=FOLDER; renews the list
	$(IMAGE) python3 -m image publish

keys:         ## make keys to sign releases with, in KEYS=FOLDER
	$(TOOLS) python3 -m image keys

renew:        ## replace the release key in KEYS=FOLDER before it ends
	$(TOOLS) python3 -m image renew

revoke:       ## replace a stolen release key in KEYS=FOLDER, and take it back
	$(TOOLS) python3 -m image revoke

check:        ## format, lint, types and unit tests: seconds
	$(TEST) python3 -m image check

fix:          ## format, and repair what can be repaired by itself
	$(TEST) python3 -m image fix

test:         ## everything, as CI runs it
	$(TEST) python3 -m image test

test-long:    ## what takes too long for CI: every kind of start, hundreds of bad updates, many power cuts
	$(TEST) python3 -m image test-long

bench:        ## measure the box and its peers
	$(TEST) python3 -m tests.bench
	$(TEST) python3 -m tests.bench.rooms
	$(TEST) python3 -m tests.bench.machine

screenshots:  ## take the screenshots in docs/
	$(TEST) python3 -m tests.screenshots

clean:        ## delete all that was built, except the box's data and keys
	@./image/enter --clean
