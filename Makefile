# Everything happens in image/; `make help` lists what there is.

RUN = @./image/enter --tools python3 -m image
TEST = @./image/enter python3 -m image

.PHONY: help run stop shell reset tree check test bench screenshots clean

help:         ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run:          ## build the box if needed, start it and say where its setup page is; Ctrl-C stops it
	@./image/enter --tools --session python3 -m image run

stop:         ## stop the running box from another terminal
	@./image/enter --join python3 -m image stop

shell:        ## a root shell inside the running box
	@./image/enter --join python3 -m image shell

reset:        ## delete the box's data (asks first, but with YES=1)
	$(RUN) reset

tree:         ## build the box's root file system
	$(RUN) tree

check:        ## format, lint, types and unit tests: seconds
	$(TEST) check

test:         ## everything, as CI runs it
	$(TEST) test

bench:        ## measure the box and its peers
	@./image/enter python3 -m tests.bench

screenshots:  ## take the screenshots in docs/
	@./image/enter python3 -m tests.screenshots

clean:        ## delete all that was built, except the box's data
	@./image/enter --clean
