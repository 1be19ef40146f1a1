"""Clinical data of hospitals: validated, de-identified by the catalogue, put into the data lake with their tags."""
