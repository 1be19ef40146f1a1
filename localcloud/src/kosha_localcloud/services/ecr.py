"""ECR: records of repositories and of the images in them, moto's; no image is copied between regions."""

from kosha_localcloud.services.operations import ServiceTable

table = ServiceTable("ecr", moto=True)
