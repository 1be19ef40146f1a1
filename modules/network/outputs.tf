output "vpc_id" {
  description = "ID of the VPC."
  value       = aws_vpc.this.id
}

output "zones" {
  description = "Names of the zones, in order: nodes may be in no other."
  value       = sort(keys(aws_subnet.private))
}

output "private_subnet_ids" {
  description = "IDs of the private subnets, one per zone, in the order of the zones' names."
  value       = [for zone in sort(keys(aws_subnet.private)) : aws_subnet.private[zone].id]
}

output "security_group_ids" {
  description = "Client -> ID of its security group: workers, transfer, functions."
  value       = { for client in ["workers", "transfer", "functions"] : client => aws_security_group.this[client].id }
}

output "nat_public_ips" {
  description = "Addresses under which the platform appears on the internet, for allow-lists of hospitals and archives."
  value       = [for zone in sort(keys(aws_eip.nat)) : aws_eip.nat[zone].public_ip]
}
