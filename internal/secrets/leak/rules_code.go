package leak

// code are the rules of places where programs are written, built and published.
var code = []Rule{
	{
		ID: "github-token", Name: "GitHub token", Vendor: "github", Class: Secret, Sure: High,
		Starts: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, Pattern: `gh[pousr]_[A-Za-z0-9]{36,}`, Entropy: 3,
		Hit:  []string{"GITHUB_TOKEN=ghp_{w36}", "https://x:gho_{w36}@github.com/a/b", "ghs_{w36}", "ghr_{w76}"},
		Miss: []string{"ghp_{w20}", "xghp_{w36}", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "ghz_{w36}"},
	},
	{
		ID: "github-fine-grained-token", Name: "GitHub fine-grained token", Vendor: "github", Class: Secret, Sure: High,
		Starts: []string{"github_pat_"}, Pattern: `github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}`, Entropy: 3,
		Hit:  []string{"github_pat_{w22}_{w59}"},
		Miss: []string{"github_pat_{w22}", "github_pat_{w59}_{w22}"},
	},
	{
		ID: "gitlab-token", Name: "GitLab token", Vendor: "gitlab", Class: Secret, Sure: High,
		Starts:  []string{"glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glft-", "glsoat-", "glimt-", "glagent-"},
		Pattern: `gl(?:pat|dt|rt|ptt|cbt|ft|soat|imt|agent)-[A-Za-z0-9_-]{20,100}(?:\.[A-Za-z0-9_.]{2,20})?`, Entropy: 3,
		Hit:  []string{"PRIVATE-TOKEN: glpat-{w20}", "glptt-{h40}", "gldt-{w20}"},
		Miss: []string{"glpat-{w10}", "aglpat-{w20}", "glpat-aaaaaaaaaaaaaaaaaaaa"},
	},
	{
		ID: "npm-token", Name: "npm token", Vendor: "npm", Class: Secret, Sure: High,
		Starts: []string{"npm_"}, Pattern: `npm_[A-Za-z0-9]{36}`, Entropy: 3,
		Hit:  []string{"//registry.npmjs.org/:_authToken=npm_{w36}"},
		Miss: []string{"npm_config_registry_of_the_build_machine_x", "npm_{w30}"},
	},
	{
		ID: "pypi-token", Name: "PyPI token", Vendor: "pypi", Class: Secret, Sure: High,
		Starts: []string{"pypi-AgE"}, Pattern: `pypi-AgE[A-Za-z0-9_-]{50,}`, Entropy: 3.5,
		Hit:  []string{"password = pypi-AgEIcHlwaS5vcmc{w120}"},
		Miss: []string{"pypi-AgEIcHlwaS5vcmc{w10}", "pypi-publish-of-the-release-that-follows"},
	},
	{
		ID: "rubygems-token", Name: "RubyGems key", Vendor: "rubygems", Class: Secret, Sure: High,
		Starts: []string{"rubygems_"}, Pattern: `rubygems_[a-f0-9]{48}`, Entropy: 2.8,
		Hit:  []string{":rubygems_api_key: rubygems_{h48}"},
		Miss: []string{"rubygems_{h40}", "rubygems_mirror_of_the_company_and_more_of_it_still"},
	},
	{
		ID: "docker-hub-token", Name: "Docker Hub token", Vendor: "docker", Class: Secret, Sure: High,
		Starts: []string{"dckr_pat_", "dckr_oat_"}, Pattern: `dckr_[po]at_[A-Za-z0-9_-]{27,40}`, Entropy: 3,
		Hit:  []string{"docker login -p dckr_pat_{w27}"},
		Miss: []string{"dckr_pat_{w10}"},
	},
	{
		ID: "terraform-cloud-token", Name: "HCP Terraform token", Vendor: "hashicorp", Class: Secret, Sure: High,
		Starts: []string{".atlasv1."}, Pattern: `\.atlasv1\.[A-Za-z0-9_=-]{60,70}`, Entropy: 3.5,
		Hit:  []string{`token = "{w14}.atlasv1.{w67}"`},
		Miss: []string{"{w14}.atlasv1.{w30}", "{w14}.atlasv2.{w67}"},
	},
	{
		ID: "vault-token", Name: "HashiCorp Vault token", Vendor: "hashicorp", Class: Secret, Sure: High,
		Starts: []string{"hvs.", "hvb.", "hvr."}, Pattern: `hv[sbr]\.[A-Za-z0-9_-]{24,}`, Entropy: 3.5,
		Hit:  []string{"VAULT_TOKEN=hvs.{w90}", "hvb.{w140}"},
		Miss: []string{"hvs.{w20}", "ahvs.{w90}"},
	},
	{
		ID: "pulumi-token", Name: "Pulumi token", Vendor: "pulumi", Class: Secret, Sure: High,
		Starts: []string{"pul-"}, Pattern: `pul-[a-f0-9]{40}`, Entropy: 2.8,
		Hit:  []string{"PULUMI_ACCESS_TOKEN=pul-{h40}"},
		Miss: []string{"pul-{h32}", "cpul-{h40}"},
	},
	{
		ID: "atlassian-token", Name: "Atlassian API token", Vendor: "atlassian", Class: Secret, Sure: High,
		Starts: []string{"ATATT3xFfGF0"}, Pattern: `ATATT3xFfGF0[A-Za-z0-9_=-]{150,}`, Entropy: 4,
		Hit:  []string{"JIRA_TOKEN=ATATT3xFfGF0{w176}"},
		Miss: []string{"ATATT3xFfGF0{w20}"},
	},
	{
		ID: "postman-key", Name: "Postman API key", Vendor: "postman", Class: Secret, Sure: High,
		Starts: []string{"PMAK-"}, Pattern: `PMAK-[a-f0-9]{24}-[a-f0-9]{34}`, Entropy: 2.8,
		Hit:  []string{"PMAK-{h24}-{h34}"},
		Miss: []string{"PMAK-{h24}"},
	},
	{
		ID: "sentry-token", Name: "Sentry token", Vendor: "sentry", Class: Secret, Sure: High,
		Starts: []string{"sntrys_", "sntryu_"}, Pattern: `sntry(?:s_eyJ[A-Za-z0-9_=+/-]{50,}|u_[a-f0-9]{64})`, Entropy: 2.8,
		Hit:  []string{"sntrys_eyJ{w160}", "SENTRY_AUTH_TOKEN=sntryu_{h64}"},
		Miss: []string{"sntrys_eyJ{w20}", "sntryu_{h32}"},
	},
	{
		ID: "grafana-token", Name: "Grafana token", Vendor: "grafana", Class: Secret, Sure: High,
		Starts: []string{"glsa_", "glc_"}, Pattern: `(?:glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{40,}={0,2})`, Entropy: 3,
		Hit:  []string{"glsa_{w32}_{h8}", "glc_{b80}"},
		Miss: []string{"glsa_{w32}", "glc_{w20}"},
	},
	{
		ID: "artifactory-token", Name: "JFrog Artifactory key", Vendor: "jfrog", Class: Secret, Sure: Medium,
		Starts: []string{"AKCp", "cmVmdGtuOj"}, Pattern: `(?:AKCp[A-Za-z0-9]{69}|cmVmdGtuOj[A-Za-z0-9]{54})`, Entropy: 3.5,
		Hit:  []string{"ARTIFACTORY_KEY=AKCp{w69}", "cmVmdGtuOj{w54}"},
		Miss: []string{"AKCp{w30}", "cmVmdGtuOj{w20}"},
	},
	{
		ID: "circleci-token", Name: "CircleCI token", Vendor: "circleci", Class: Secret, Sure: High,
		Starts: []string{"CCIPAT_", "CCIPRJ_"}, Pattern: `CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[a-f0-9]{40}`, Entropy: 3,
		Hit:  []string{"CCIPAT_{w22}_{h40}"},
		Miss: []string{"CCIPAT_{w22}"},
	},
}
