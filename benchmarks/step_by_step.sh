#!/usr/bin/env bash
# The workflow as it is commonly written, and as benchmarks/pipeline.py measures ours against it: one tool after the other, each
# with a file in and a file out. Same tools, versions, threads and settings as the classic toolchain.
#
#   benchmarks/step_by_step.sh R1.fastq.gz R2.fastq.gz GENOME.fa BWA_INDEX OUT THREADS
set -euo pipefail
r1=$1 r2=$2 genome=$3 index=$4 out=$5 threads=$6
picard() { java -Xmx2000m -XX:+UseSerialGC -jar /usr/share/java/picard.jar "$@" --QUIET true --VERBOSITY ERROR; }
mkdir -p "$out"
cd "$out"

fastqc --quiet --threads "$threads" --outdir . "$r1" "$r2"
JAVA_TOOL_OPTIONS='-Xmx1000m -XX:+UseSerialGC' TrimmomaticPE -threads "$threads" -phred33 "$r1" "$r2" \
  trimmed_1.fastq.gz unpaired_1.fastq.gz trimmed_2.fastq.gz unpaired_2.fastq.gz \
  ILLUMINACLIP:/usr/share/trimmomatic/TruSeq3-PE-2.fa:2:30:10:2:True LEADING:3 TRAILING:3 SLIDINGWINDOW:4:15 MINLEN:36
fastqc --quiet --threads "$threads" --outdir . trimmed_1.fastq.gz trimmed_2.fastq.gz
bwa mem -v 2 -t "$threads" -R '@RG\tID:T001\tSM:T001\tLB:T001\tPL:ILLUMINA' "$index" trimmed_1.fastq.gz trimmed_2.fastq.gz >aligned.sam
picard SortSam --INPUT aligned.sam --OUTPUT sorted.bam --SORT_ORDER coordinate
picard MarkDuplicates --INPUT sorted.bam --OUTPUT marked.bam --METRICS_FILE duplicates.txt --ASSUME_SORT_ORDER coordinate
samtools index marked.bam
picard ValidateSamFile --INPUT marked.bam --OUTPUT validation.txt --REFERENCE_SEQUENCE "$genome" --MODE SUMMARY --IGNORE_WARNINGS true
picard CollectAlignmentSummaryMetrics --INPUT marked.bam --OUTPUT alignment.txt --REFERENCE_SEQUENCE "$genome"
samtools flagstat marked.bam >flagstat.txt
samtools stats marked.bam >stats.txt
bcftools mpileup -f "$genome" -d 1000 -a FORMAT/AD,FORMAT/DP -Ou marked.bam | bcftools call -mv -a GQ -Ou - |
  bcftools norm -f "$genome" -m -both -Ou - | bcftools filter -s LowQual -e 'QUAL<20 || INFO/DP<5' -Oz -o variants.vcf.gz -
bcftools index -t variants.vcf.gz
bcftools stats -f .,PASS variants.vcf.gz >variants.txt
