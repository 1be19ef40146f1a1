# Made here and named in the EC2NodeClass, so that Karpenter needs no right to change IAM.
resource "aws_iam_instance_profile" "node" {
  name = "${var.cluster_name}-node"
  role = basename(var.node_role_arn)
}
