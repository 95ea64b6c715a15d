package leak

// clouds are the rules of other clouds, and of keys that belong to nobody's.
var clouds = []Rule{
	{
		ID: rulePrivate, Name: "private key", Vendor: "any", Class: Secret, Sure: High,
		Hit: []string{
			"-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKC{b48}\n{b64}\n{b64}\n-----END RSA " + "PRIVATE KEY-----",
			`"private_key": "-----BEGIN ` + `PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0{b41}\n{b64}\n-----END ` + `PRIVATE KEY-----\n"`,
			"-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE{b51}\n{b64}\n-----END OPENSSH " + "PRIVATE KEY-----",
		},
		Miss: []string{
			"-----BEGIN PUBLIC KEY-----\n{b64}\n-----END PUBLIC KEY-----", "-----BEGIN RSA " + "PRIVATE KEY-----\n...\n-----END RSA " + "PRIVATE KEY-----",
			"-----BEGIN ENCRYPTED " + "PRIVATE KEY-----\nMIIFDjBABgkqhkiG9w0{b45}\n-----END ENCRYPTED " + "PRIVATE KEY-----",
		},
	},
	{
		ID: "jwt", Name: "JSON Web Token", Vendor: "any", Class: Secret, Sure: Low,
		Starts: []string{"eyJhbGciOi", "eyJhbGciOi|11", "eyJ0eXAiOi", "eyJraWQiOi"}, Pattern: `eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.([A-Za-z0-9_-]{20,})`, Entropy: 3,
		Hit:  []string{"Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJ{w60}.{w43}"},
		Miss: []string{"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJhbGciOiJub25lIn0.eyJ{w40}.", "eyJhbGciOiJIUzI1NiJ9.{w40}.{w43}"},
	},
	{
		ID: "gcp-api-key", Name: "Google API key", Vendor: "google", Class: Secret, Sure: Medium,
		Starts: []string{"AIza"}, Pattern: `AIza[A-Za-z0-9_-]{35}`, Entropy: 3.5,
		Hit:  []string{"https://maps.googleapis.com/maps/api/js?key=AIza{w35}"},
		Miss: []string{"AIza{w20}", "AIzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "xAIza{w35}"},
	},
	{
		ID: "gcp-oauth-secret", Name: "Google OAuth client secret", Vendor: "google", Class: Secret, Sure: High,
		Starts: []string{"GOCSPX-"}, Pattern: `GOCSPX-[A-Za-z0-9_-]{28}`, Entropy: 3,
		Hit:  []string{`"client_secret":"GOCSPX-{w28}"`},
		Miss: []string{"GOCSPX-{w12}", "GOCSPX-your-client-secret"},
	},
	{
		ID: "azure-storage-key", Name: "Azure storage account key", Vendor: "azure", Class: Secret, Sure: High,
		Starts: []string{"AccountKey="}, Pattern: `AccountKey=([A-Za-z0-9+/]{86}==)`, Entropy: 4,
		Hit:  []string{"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={b86}==;EndpointSuffix=core.windows.net"},
		Miss: []string{"AccountKey={b40}==", "AccountKey=<your storage account key>"},
	},
	{
		ID: "azure-client-secret", Name: "Microsoft Entra client secret", Vendor: "azure", Class: Secret, Sure: Medium,
		Starts: []string{"8Q~", "7Q~"}, Pattern: `[78]Q~([A-Za-z0-9_.~-]{31,34})`, Entropy: 3.5, Loose: true,
		Hit:  []string{"AZURE_CLIENT_SECRET=aB38Q~{w34}"},
		Miss: []string{"8Q~{w12}", "8Q~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	},
	{
		ID: "digitalocean-token", Name: "DigitalOcean token", Vendor: "digitalocean", Class: Secret, Sure: High,
		Starts: []string{"dop_v1_", "doo_v1_", "dor_v1_"}, Pattern: `do[opr]_v1_[a-f0-9]{64}`, Entropy: 2.8,
		Hit:  []string{"DIGITALOCEAN_TOKEN=dop_v1_{h64}"},
		Miss: []string{"dop_v1_{h32}"},
	},
	{
		ID: "alibaba-key-id", Name: "Alibaba Cloud access key ID", Vendor: "alibaba", Class: KeyID, Sure: Medium,
		Starts: []string{"LTAI"}, Pattern: `LTAI[A-Za-z0-9]{20,21}`, Entropy: 3,
		Hit:  []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=LTAI{w20}"},
		Miss: []string{"LTAI{w8}", "xLTAI{w20}"},
	},
	{
		ID: "databricks-token", Name: "Databricks token", Vendor: "databricks", Class: Secret, Sure: High,
		Starts: []string{"dapi"}, Pattern: `dapi[a-f0-9]{32}(?:-\d)?`, Entropy: 2.8,
		Hit:  []string{"DATABRICKS_TOKEN=dapi{h32}", "dapi{h32}-2"},
		Miss: []string{"dapi{h20}", "tdapi{h32}"},
	},
	{
		ID: "age-secret-key", Name: "age secret key", Vendor: "any", Class: Secret, Sure: High,
		Starts: []string{"AGE-SECRET-KEY-1"}, Pattern: `AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}`, Entropy: 3,
		Hit:  []string{"AGE-SECRET-KEY-1{q58}"},
		Miss: []string{"AGE-SECRET-KEY-1{q20}"},
	},
}

// services are the rules of what programs call.
var services = []Rule{
	{
		ID: "slack-token", Name: "Slack token", Vendor: "slack", Class: Secret, Sure: High,
		Starts: []string{"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-"}, Pattern: `xox[bpares]-[0-9A-Za-z-]{24,}`, Entropy: 2.8,
		Hit:  []string{"SLACK_BOT_TOKEN=xoxb-{n12}-{n12}-{w24}", "xoxp-{n12}-{n12}-{n12}-{h32}"},
		Miss: []string{"xoxb-your-token-here", "axoxb-{n12}-{n12}-{w24}", "xoxb-000000000000-000000000000-0000"},
	},
	{
		ID: "slack-app-token", Name: "Slack app-level token", Vendor: "slack", Class: Secret, Sure: High,
		Starts: []string{"xapp-"}, Pattern: `xapp-\d-[A-Z0-9]{8,14}-\d{8,15}-[a-f0-9]{64}`, Entropy: 2.8,
		Hit:  []string{"xapp-1-A{u10}-{n13}-{h64}"},
		Miss: []string{"xapp-1-A{u10}", "xapp-name-of-the-app-that-we-make"},
	},
	{
		ID: "slack-webhook", Name: "Slack incoming webhook", Vendor: "slack", Class: Secret, Sure: High,
		Starts: []string{"services/T", "workflows/T"}, Pattern: `(?:services|workflows)/T[A-Z0-9]{7,12}/[AB][A-Z0-9]{7,12}/([A-Za-z0-9/]{20,50})`, Entropy: 3,
		Hit:  []string{"https://hooks.slack.com/services/T{u10}/B{u10}/{w24}"},
		Miss: []string{"https://hooks.slack.com/services/T{u10}", "src/services/Treasury/Books/accounts/of/the/year"},
	},
	{
		ID: "discord-webhook", Name: "Discord webhook", Vendor: "discord", Class: Secret, Sure: High,
		Starts: []string{"api/webhooks/"}, Pattern: `api/webhooks/\d{17,20}/([A-Za-z0-9_-]{60,80})`, Entropy: 3.5,
		Hit:  []string{"https://discord.com/api/webhooks/{n18}/{w68}"},
		Miss: []string{"https://discord.com/api/webhooks/{n18}", "POST /api/webhooks/stripe/handler"},
	},
	{
		ID: "stripe-key", Name: "Stripe secret key", Vendor: "stripe", Class: Secret, Sure: High,
		Starts: []string{"sk_live_", "rk_live_"}, Pattern: `[sr]k_live_[A-Za-z0-9]{20,}`, Entropy: 3,
		Hit:  []string{"STRIPE_KEY=sk_live_{w24}", "rk_live_{w99}"},
		Miss: []string{"sk_test_{w24}", "sk_live_{w10}", "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx"},
	},
	{
		ID: "stripe-webhook-secret", Name: "Stripe webhook secret", Vendor: "stripe", Class: Secret, Sure: Medium,
		Starts: []string{"whsec_"}, Pattern: `whsec_[A-Za-z0-9+/]{30,80}={0,2}`, Entropy: 3,
		Hit:  []string{"STRIPE_WEBHOOK_SECRET=whsec_{w32}"},
		Miss: []string{"whsec_{w10}"},
	},
	{
		ID: "twilio-key-sid", Name: "Twilio API key SID", Vendor: "twilio", Class: KeyID, Sure: Medium,
		Starts: []string{"SK0", "SK1", "SK2", "SK3", "SK4", "SK5", "SK6", "SK7", "SK8", "SK9", "SKa", "SKb", "SKc", "SKd", "SKe", "SKf"}, Pattern: `SK[0-9a-f]{32}`, Entropy: 2.8,
		Hit:  []string{"TWILIO_API_KEY=SK{h32}"},
		Miss: []string{"SK{h20}", "MASK{h32}", "SK{h40}"},
	},
	{
		ID: "sendgrid-key", Name: "SendGrid API key", Vendor: "sendgrid", Class: Secret, Sure: High,
		Starts: []string{"SG.|23"}, Pattern: `SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`, Entropy: 3.5,
		Hit:  []string{"SENDGRID_API_KEY=SG.{w22}.{w43}"},
		Miss: []string{"SG.{w22}", "MSG.{w22}.{w43}"},
	},
	{
		ID: "openai-key", Name: "OpenAI API key", Vendor: "openai", Class: Secret, Sure: High,
		Starts: []string{"sk-"}, Pattern: `sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,120}T3BlbkFJ[A-Za-z0-9_-]{20,120}`, Entropy: 3.5,
		Hit:  []string{"OPENAI_API_KEY=sk-{w20}T3BlbkFJ{w20}", "sk-proj-{w74}T3BlbkFJ{w74}"},
		Miss: []string{"sk-{w48}", "task-{w20}T3BlbkFJ{w20}"},
	},
	{
		ID: "anthropic-key", Name: "Anthropic API key", Vendor: "anthropic", Class: Secret, Sure: High,
		Starts: []string{"sk-ant-"}, Pattern: `sk-ant-(?:api|admin|oat|sid)\d{2}-[A-Za-z0-9_-]{80,120}`, Entropy: 3.5,
		Hit:  []string{"ANTHROPIC_API_KEY=sk-ant-api03-{w93}AA"},
		Miss: []string{"sk-ant-api03-{w20}"},
	},
	{
		ID: "huggingface-token", Name: "Hugging Face token", Vendor: "huggingface", Class: Secret, Sure: High,
		Starts: []string{"hf_", "api_org_"}, Pattern: `(?:hf|api_org)_[A-Za-z]{34}`, Entropy: 3,
		Hit:  []string{"HF_TOKEN=hf_{a34}"},
		Miss: []string{"hf_{a20}", "hf_hub_download_of_the_model_that_we_use"},
	},
	{
		ID: "shopify-token", Name: "Shopify token", Vendor: "shopify", Class: Secret, Sure: High,
		Starts: []string{"shpat_", "shpca_", "shppa_", "shpss_"}, Pattern: `shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`, Entropy: 2.8,
		Hit:  []string{"shpat_{h32}"},
		Miss: []string{"shpat_{h20}"},
	},
	{
		ID: "square-secret", Name: "Square secret", Vendor: "square", Class: Secret, Sure: High,
		Starts: []string{"sq0csp-", "sq0atp-"}, Pattern: `sq0(?:csp-[A-Za-z0-9_-]{43}|atp-[A-Za-z0-9_-]{22})`, Entropy: 3,
		Hit:  []string{"sq0csp-{w43}", "sq0atp-{w22}"},
		Miss: []string{"sq0csp-{w20}", "sq0idp-{w22}"},
	},
	{
		ID: "newrelic-key", Name: "New Relic user key", Vendor: "newrelic", Class: Secret, Sure: High,
		Starts: []string{"NRAK-"}, Pattern: `NRAK-[A-Z0-9]{27}`, Entropy: 3,
		Hit:  []string{"NEW_RELIC_API_KEY=NRAK-{u27}"},
		Miss: []string{"NRAK-{u12}"},
	},
	{
		ID: "linear-key", Name: "Linear API key", Vendor: "linear", Class: Secret, Sure: High,
		Starts: []string{"lin_api_"}, Pattern: `lin_api_[A-Za-z0-9]{40}`, Entropy: 3,
		Hit:  []string{"lin_api_{w40}"},
		Miss: []string{"lin_api_{w20}"},
	},
	{
		ID: "doppler-token", Name: "Doppler token", Vendor: "doppler", Class: Secret, Sure: High,
		Starts: []string{"dp.pt.", "dp.sa.", "dp.ct."}, Pattern: `dp\.(?:pt|sa|ct)\.[A-Za-z0-9]{40,44}`, Entropy: 3,
		Hit:  []string{"DOPPLER_TOKEN=dp.pt.{w43}"},
		Miss: []string{"dp.pt.{w20}"},
	},
	{
		ID: "planetscale-secret", Name: "PlanetScale token or password", Vendor: "planetscale", Class: Secret, Sure: High,
		Starts: []string{"pscale_tkn_", "pscale_pw_", "pscale_oauth_"}, Pattern: `pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=-]{32,64}`, Entropy: 3,
		Hit:  []string{"pscale_pw_{w43}"},
		Miss: []string{"pscale_pw_{w10}"},
	},
	{
		ID: "tailscale-key", Name: "Tailscale key", Vendor: "tailscale", Class: Secret, Sure: High,
		Starts: []string{"tskey-"}, Pattern: `tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{6,30}-[A-Za-z0-9]{20,60}`, Entropy: 3,
		Hit:  []string{"TS_AUTHKEY=tskey-auth-{w14}-{w32}"},
		Miss: []string{"tskey-auth-{w14}"},
	},
}

// All lists every rule: AWS's first, and in the order in which they are tried.
func All() []Rule {
	var out []Rule
	for _, theme := range [][]Rule{aws, code, clouds, services} {
		out = append(out, theme...)
	}
	return out
}
