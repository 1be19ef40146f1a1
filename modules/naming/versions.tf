terraform {
  # 1.9 brought validations that refer to locals and to other variables.
  required_version = ">= 1.11"
}
