"""How much the steps of the workflow need, and what a month of genomes makes of it on nodes that come and go."""
